/** version 00 of the W3C trace context, and what later versions may append */
const TRACEPARENT =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-[\x21-\x7e]{1,256})?$/;

/** Whether the text names a span, as the `traceparent` header of W3C Trace Context does. */
export function isTraceparent(text: string): boolean {
  return TRACEPARENT.test(text);
}
