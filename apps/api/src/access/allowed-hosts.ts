import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { HttpConfig } from '@app/config';
import { HostList } from '@app/outbound';
import { isLoopback } from './loopback.js';

/** No public DNS server answers for names below these. */
const HOME_DOMAINS = /\.(local|internal|lan|home\.arpa)$/;

/**
 * The host names that this server answers to. A web site could let its own name resolve to this machine (DNS rebinding),
 * and its pages would then count as ours.
 */
export class AllowedHosts {
  private readonly isOpen: boolean;
  private readonly isAtHome: boolean;
  private readonly listed: HostList;

  constructor({ allowedHosts, apiKeysFile, host, publishedOn = host }: HttpConfig) {
    this.listed = new HostList(allowedHosts);
    // such a page has no API key
    this.isOpen = apiKeysFile !== undefined || allowedHosts.includes('*');
    this.isAtHome = !isLoopback(host) && !isLoopback(publishedOn);
  }

  /** Whether requests that name no host are accepted as well. */
  get areAll(): boolean {
    return this.isOpen;
  }

  /** @param host the header, with or without a port: whoever calls could forge that of a proxy */
  allow(host: string): boolean {
    if (this.isOpen) return true;
    const url = `http://${host}`;
    if (!URL.canParse(url)) return false;
    const name = new URL(url).hostname.replace(/\.$/, '');
    return isLocal(name) || this.listed.allows({ hostname: name }) || (this.isAtHome && isHomeName(name));
  }
}

function isLocal(name: string): boolean {
  return /^(.+\.)?localhost$/.test(name) || isIP(name.replace(/^\[|\]$/g, '')) !== 0;
}

/** A name without a dot is one of the local network, or of the machine's own list. */
function isHomeName(name: string): boolean {
  return !name.includes('.') || HOME_DOMAINS.test(name) || name === hostname().toLowerCase();
}
