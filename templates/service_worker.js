{% autoescape off %}// Keeps static files and the offline page, so that the panel opens at once and says so when the network is gone.
// Pages and answers are never kept: they are somebody's data.

const CACHE = "painel-{{ version }}";
const OFFLINE = {{ offline }};
const STATIC = {{ static }};
const KEPT = {{ kept }};
const NEVER_CHANGES = /\.[0-9a-f]{12}\.\w+$/;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll([OFFLINE, ...KEPT])));
  self.skipWaiting();
});

self.addEventListener("activate", (event) => {
  event.waitUntil(forgetOthers().then(() => self.clients.claim()));
});

// The page says when it is read in another language than the offline page was.
self.addEventListener("message", (event) => {
  if (event.data === "read-offline-page") event.waitUntil(caches.open(CACHE).then((cache) => cache.add(OFFLINE)));
});

self.addEventListener("fetch", (event) => {
  const request = event.request;
  if (request.method !== "GET" || new URL(request.url).origin !== location.origin) return;
  if (request.mode === "navigate") event.respondWith(pageOrOffline(request));
  else if (new URL(request.url).pathname.startsWith(STATIC)) event.respondWith(staticFile(request));
});

async function forgetOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith("painel-") && name !== CACHE).map((name) => caches.delete(name)));
}

async function pageOrOffline(request) {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match(OFFLINE)) ?? Response.error();
  }
}

async function staticFile(request) {
  const cache = await caches.open(CACHE);
  const held = await cache.match(request);
  if (held && NEVER_CHANGES.test(new URL(request.url).pathname)) return held;
  try {
    const answer = await fetch(request);
    if (answer.ok && answer.type === "basic") await cache.put(request, answer.clone());
    return answer;
  } catch {
    return held ?? Response.error();
  }
}
{% endautoescape %}
