// The panel as an app: starts the service worker, which keeps static files and the offline page, and forgets
// all of it at logout.

const worker = "serviceWorker" in navigator ? navigator.serviceWorker : null;

async function keepOfflinePage() {
  const { active } = await worker.ready;
  const kept = await caches.match("/offline/");
  if (kept?.headers.get("Content-Language") !== document.documentElement.lang) active.postMessage("read-offline-page");
}

// An address that is no secure one (http elsewhere than on this machine) has no workers.
worker?.register("/service-worker.js").then(keepOfflinePage, () => {});

document.addEventListener("submit", async (event) => {
  if (!event.target.matches("[data-logout]")) return;
  sessionStorage.clear();
  if (!worker) return;
  for (const name of await caches.keys()) caches.delete(name);
});
