// The offline page stands in for the page that was asked for, under its address: loading it again opens that.
// A network that is there is no proof that the panel can be reached, so it is asked.

const ASK_MS = 4000;

async function tryAgain() {
  const answer = await fetch("/healthz", { cache: "no-store" }).catch(() => null);
  if (answer?.ok) location.reload();
}

addEventListener("online", tryAgain);
setInterval(tryAgain, ASK_MS);
