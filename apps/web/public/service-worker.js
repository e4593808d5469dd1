// shows the page when the server does not respond, and nothing else: answers of the API and audio never come through
// here. The page itself is asked of the server first, so an upgraded server never shows an old page.
const SHELL = 'shell';
const ASSETS = 'assets';

/** named by their content; the demo song is not kept */
const ASSET = /^\/assets\/[^/]+\.(?:js|css|svg|wasm)$/;

self.addEventListener('install', () => self.skipWaiting());

self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== 'GET' || origin !== self.location.origin) return;
  if (pathname === '/') event.respondWith(pageFirstFromServer(request));
  else if (ASSET.test(pathname)) event.respondWith(assetFromCache(request));
});

self.addEventListener('notificationclick', (event) => {
  event.notification.close();
  event.waitUntil(showSong(event.notification.data));
});

async function pageFirstFromServer(request) {
  const shell = await caches.open(SHELL);
  try {
    const answer = await fetch(request);
    if (answer.ok) await keepPage(shell, answer.clone());
    return answer;
  } catch (error) {
    const kept = await shell.match('/');
    if (kept === undefined) throw error;
    return kept;
  }
}

/** Another page has other assets: those of the last one go. */
async function keepPage(shell, answer) {
  const kept = await shell.match('/');
  if (kept?.headers.get('etag') !== answer.headers.get('etag')) await caches.delete(ASSETS);
  await shell.put('/', answer);
}

async function assetFromCache(request) {
  const assets = await caches.open(ASSETS);
  const kept = await assets.match(request);
  if (kept !== undefined) return kept;
  const answer = await fetch(request);
  if (answer.ok) await assets.put(request, answer.clone());
  return answer;
}

async function showSong(url) {
  const [page] = await self.clients.matchAll({ type: 'window' });
  if (page === undefined) {
    await self.clients.openWindow(url);
    return;
  }
  await page.focus();
  await page.navigate(url);
}
