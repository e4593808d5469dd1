const MAX_LENGTH = 2000;

/**
 * Parses a URL that a user sends. Numbers that stand for an IPv4 address, such as `http://2130706433`, become one.
 * undefined unless it is http or https, without a user name, and has at most 2000 characters.
 */
export function outboundUrl(text: string, base?: URL): URL | undefined {
  if (text.length > MAX_LENGTH || !URL.canParse(text, base?.href)) return undefined;
  const url = new URL(text, base?.href);
  const isUsable = /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  url.hash = '';
  return isUsable && url.href.length <= MAX_LENGTH ? url : undefined;
}
