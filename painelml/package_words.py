"""What packages say, in our own words: their strings whose translation here replaces theirs.

Django and allauth speak to a Spanish reader as "usted" and spell "e-mail" in more than one way. A string
named here stays in locale/ when the strings are collected, and ours is found first (docs/glossary.md).
"""

from django.utils.translation import gettext_noop as _
from django.utils.translation import ngettext_lazy

REPLACED = [
    _("You cannot remove your primary email address."),
    _("The email address and/or password you specified are not correct."),
    _("Please type your current password."),
    _("You cannot add more than %d email addresses."),
    _("Your primary email address must be verified."),
    _("Use your password"),
    _("You must type the same password each time."),
    _("Forgot your password?"),
    _("You cannot add an email address to an account protected by two-factor authentication."),
    _("You cannot activate two-factor authentication until you have verified your email address."),
    _("Please reauthenticate to safeguard your account."),
    _("Enter Sign-In Code"),
    _("The following email addresses are associated with your account:"),
    _("You are receiving this mail because the following change was made to your account:"),
    _("Your email has been changed from %(from_email)s to %(to_email)s."),
    _("Your email has been confirmed."),
    _("Please Confirm Your Email Address"),
    _("Your sign-in code is listed below. Please enter it in your open browser window."),
    _("This mail can be safely ignored if you did not initiate this action."),
    _("Your password has been changed."),
    _("Your password reset code is listed below. Please enter it in your open browser window."),
    _("In case you forgot, your username is %(username)s."),
    _("Your password has been reset."),
    _("Your password has been set."),
    _("If it was you, you can sign up for an account using the link below."),
    _("If you have not created an account yet, then please %(link)ssign up%(end_link)s first."),
    _("You cannot remove your primary email address (%(email)s)."),
    _("You have confirmed %(email)s."),
    _("Forgot Password?"),
    _(
        "Forgotten your password? Enter your email address below, and we'll send you an email allowing "
        "you to reset it."
    ),
    _("Please contact us if you have any trouble resetting your password."),
    _(
        "We have sent you an email. If you have not received it please check your spam folder. "
        "Otherwise contact us if you do not receive it in a few minutes."
    ),
    _(
        "The password reset link was invalid, possibly because it has already been used.  Please "
        'request a <a href="%(passwd_reset_url)s">new password reset</a>.'
    ),
    _("Your password is now changed."),
    _("Enter your password:"),
    _("Already have an account? Then please %(link)ssign in%(end_link)s."),
    _("You are already logged in as %(user_display)s."),
    _("Verify Your Email Address"),
    _("Your account is protected by two-factor authentication. Please enter an authenticator code:"),
    _("Enter an authenticator code:"),
    _("You are about to generate a new set of recovery codes for your account."),
    _("This action will invalidate your existing codes."),
    _("You can store this secret and use it to reinstall your authenticator app at a later time."),
    _(
        "You are receiving this email because you or someone else tried to signup for an\naccount using"
        " email address:\n\n%(email)s\n\nHowever, an account using that email address already exists.  "
        "In case you have\nforgotten about this, please use the password forgotten procedure to "
        "recover\nyour account:\n\n%(password_reset_url)s"
    ),
    _(
        "If you do not recognize this change then please take proper security precautions immediately. "
        "The change to your account originates from:\n\n- IP address: %(ip)s\n- Browser: "
        "%(user_agent)s\n- Date: %(timestamp)s"
    ),
    _(
        "You're receiving this email because you or someone else has requested a password reset for "
        "your user account.\nIt can be safely ignored if you did not request a password reset. Click "
        "the link below to reset your password."
    ),
    _(
        "You are receiving this email because you, or someone else, tried to access an account with "
        "email %(email)s. However, we do not have any record of such an account in our database."
    ),
    _(
        'This email confirmation link expired or is invalid. Please <a href="%(email_url)s">issue a '
        "new email confirmation request</a>."
    ),
    _(
        "We have sent an email to you for verification. Follow the link provided to finalize the signup"
        " process. If you do not see the verification email in your main inbox, check your spam folder."
        " Please contact us if you do not receive the verification email within a few minutes."
    ),
    _("Email"),
    _("first name"),
    _("last name"),
    _("Are you sure you want to sign out?"),
    _("Password Reset"),
    _("Re-send Verification"),
    _("Bad Token"),
    _("Your password can’t be too similar to your other personal information."),
    _("Your password can’t be a commonly used password."),
    _("Your password can’t be entirely numeric."),
]

COUNTED = ngettext_lazy(
    "Your password must contain at least %(min_length)d character.",
    "Your password must contain at least %(min_length)d characters.",
    "min_length",
)
