// a real Chromium: an installed one, or the one in an npm package
import { spawnSync } from 'node:child_process';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** how long one step may take on a busy machine */
const PATIENCE_MS = 60_000;

/** a spec cannot answer the requests of a service worker */
const DIRECT = { serviceWorkers: 'block' } as const;

const INSTALLED = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];

export async function openBrowser(): Promise<Browser> {
  // containers have no user namespaces for the sandbox, and the page is trusted
  const args = ['--no-sandbox', '--autoplay-policy=no-user-gesture-required'];
  return chromium.launch({ executablePath: installed() ?? (await sparticuz.executablePath()), args, headless: true });
}

function installed(): string | undefined {
  const given = process.env['CHROME_PATH'];
  if (given !== undefined && given !== '') return given;
  return INSTALLED.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

interface TestFile {
  readonly name: string;
  readonly bytes: Buffer;
  readonly type?: string;
}

/** A page that records its errors, warnings and failed requests. */
export class WatchedPage {
  readonly faults: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.faults.push(error.message));
    page.on('console', (message) => {
      // a block of the preview that was asked for at the very end of the separation
      if (message.location().url.includes('/preview/') && message.text().includes('410')) return;
      if (message.text().startsWith('Service Worker registration blocked')) return;
      if (message.type() !== 'error' && message.type() !== 'warning') return;
      // the browser names no address of what failed to load
      this.faults.push(`${message.text()} ${message.location().url}`);
    });
    page.on('requestfailed', (request) => {
      const reason = request.failure()?.errorText ?? '';
      // the page gives up on parts that a seek or a slow line has made needless
      if (/\/stems\/|\/original/.test(request.url()) && reason === 'net::ERR_ABORTED') return;
      // Chromium sometimes reports an event stream that has ended as aborted, and a closed mixer waits for no analysis
      if (/\/(?:events|analysis)(?:\?|$)/.test(request.url()) && reason === 'net::ERR_ABORTED') return;
      this.faults.push(`${request.url()} ${reason}`);
    });
  }

  /** @param sound quality that the page plays; most specs compare samples, and a busy machine is a slow line */
  static async open(
    browser: Browser,
    url: string,
    options: BrowserContextOptions = {},
    sound: 'auto' | 'full' = 'full',
  ): Promise<WatchedPage> {
    const context = await browser.newContext({ locale: 'en-GB', acceptDownloads: true, ...DIRECT, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    // an empty page has no storage
    await context.addInitScript({
      content: `if (location.protocol === 'http:') localStorage.setItem('sound-quality', '${sound}')`,
    });
    const watched = new WatchedPage(await context.newPage());
    await watched.page.goto(url);
    return watched;
  }

  /** Drops files on the page, like from a desktop folder. */
  async drop(...files: readonly TestFile[]): Promise<void> {
    const dataTransfer = await this.page.evaluateHandle(transferOf(files));
    await this.page.dispatchEvent('body', 'dragover', { dataTransfer });
    await this.page.dispatchEvent('body', 'drop', { dataTransfer });
  }

  /** Pastes files. */
  async paste(...files: readonly TestFile[]): Promise<void> {
    const event = `new ClipboardEvent('paste', { clipboardData: ${transferOf(files)}, bubbles: true })`;
    await this.page.evaluate(`document.body.dispatchEvent(${event})`);
  }

  async close(): Promise<void> {
    await this.page.context().close();
  }
}

/** Source of a DataTransfer with the files: text, because a spec has no DOM types. */
function transferOf(files: readonly TestFile[]): string {
  const sent = files.map(({ name, bytes, type = 'audio/mpeg' }) => ({ name, type, base64: bytes.toString('base64') }));
  return `(() => {
    const transfer = new DataTransfer();
    for (const { name, type, base64 } of ${JSON.stringify(sent)}) {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type }));
    }
    return transfer;
  })()`;
}
