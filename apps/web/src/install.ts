/** Lets the browser install the page, and show it when the server does not respond. Secure contexts only. */
export function registerServiceWorker(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // the page works without
  navigator.serviceWorker.register('/service-worker.js').catch(() => undefined);
}
