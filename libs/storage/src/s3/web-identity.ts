import * as https from 'node:https';
import { IamAwsProvider } from 'minio';

type Credentials = Awaited<ReturnType<IamAwsProvider['getCredentials']>>;

/** ms */
interface Timing {
  readonly timeoutMs: number;
  /** how long before they expire the keys are renewed, while calls still use them */
  readonly renewBeforeMs: number;
  /** how long before they expire no call uses them */
  readonly leewayMs: number;
}

const TIMING: Timing = { timeoutMs: 10_000, renewBeforeMs: 300_000, leewayMs: 10_000 };

/**
 * Keys from AWS for the web identity of a pod, see AWS_WEB_IDENTITY_TOKEN_FILE. All calls share one request, which has a
 * time-out. Keys that are still good serve until new ones are there.
 */
export class WebIdentity extends IamAwsProvider {
  #current: { readonly credentials: Credentials; readonly expiresAt: number } | undefined;
  #renewAt = 0;
  #renewal: Promise<Credentials> | undefined;

  constructor(private readonly timing: Timing = TIMING) {
    super({});
  }

  override async getCredentials(): Promise<Credentials> {
    const now = Date.now();
    const current = this.#current;
    const good = current !== undefined && current.expiresAt - now > this.timing.leewayMs;
    if (good && now < this.#renewAt) return current.credentials;
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined;
    });
    if (!good) return this.#renewal;
    this.#renewal.catch(() => {
      this.#renewAt = Date.now() + this.timing.timeoutMs;
    });
    return current.credentials;
  }

  async #renew(): Promise<Credentials> {
    const { timeoutMs, renewBeforeMs } = this.timing;
    const agent = new https.Agent();
    const provider = new IamAwsProvider({ transportAgent: agent });
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new Error(`AWS gave no keys within ${timeoutMs / 1000} s`));
      }, timeoutMs);
    });
    try {
      const credentials = await Promise.race([provider.getCredentials(), timeout]);
      // its types hide it
      const expiresAt = Date.parse(String(Reflect.get(provider, 'accessExpiresAt')));
      this.#current = { credentials, expiresAt };
      this.#renewAt = expiresAt - renewBeforeMs;
      return credentials;
    } finally {
      clearTimeout(timer);
      // ends the request too
      agent.destroy();
    }
  }
}
