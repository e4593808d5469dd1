// a certificate that nobody vouches for, for servers of specs.
import { generate } from 'selfsigned';

/** PEM */
export interface Certificate {
  readonly key: string;
  readonly cert: string;
}

export async function selfSigned(host: string): Promise<Certificate> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: host }], {
    keyType: 'ec',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: host }] }],
  });
  return { key, cert };
}
