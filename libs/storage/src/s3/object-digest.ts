import { createHash } from 'node:crypto';

/** The digest of one part, in the notation of S3. */
export interface PartDigest {
  /** hex, for the signature */
  readonly hex: string;
  /** base64, for the checksum header */
  readonly base64: string;
}

/** Digests an object part by part, as an S3 store does it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html */
export class ObjectDigest {
  bytes = 0;
  private readonly whole = createHash('sha256');
  private readonly sha256Parts: Buffer[] = [];
  private readonly md5Parts: Buffer[] = [];

  /** @param withMd5 for a store that tells no sha256 */
  constructor(private readonly withMd5: boolean) {}

  add(part: Buffer): PartDigest {
    this.bytes += part.length;
    this.whole.update(part);
    // the first part, which is mostly all, is hashed only once
    const hash = this.sha256Parts.length === 0 ? this.whole.copy() : createHash('sha256').update(part);
    const sha256 = hash.digest();
    this.sha256Parts.push(sha256);
    if (this.withMd5) this.md5Parts.push(createHash('md5').update(part).digest());
    return { hex: sha256.toString('hex'), base64: sha256.toString('base64') };
  }

  /** Whether the store tells the sha256 of these bytes: of all of them, or of the digests of their parts. */
  hasSha256(told: string): boolean {
    const composite = createHash('sha256').update(Buffer.concat(this.sha256Parts)).digest('base64');
    const whole = this.whole.copy().digest('base64');
    // AWS adds the number of parts to a composite; not every store does
    return [whole, composite, `${composite}-${this.sha256Parts.length}`].includes(told);
  }

  /** the ETag of a store whose ETags are MD5 sums; undefined without MD5 */
  md5(sent: 'whole' | 'in parts'): string | undefined {
    const [first] = this.md5Parts;
    if (first === undefined || sent === 'whole') return first?.toString('hex');
    return `${createHash('md5').update(Buffer.concat(this.md5Parts)).digest('hex')}-${this.md5Parts.length}`;
  }
}
