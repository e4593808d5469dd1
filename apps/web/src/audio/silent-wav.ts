const HEADER_BYTES = 44;
const SAMPLE_RATE = 8000;
const SAMPLE_BYTES = 2;

/** A 16-bit mono WAV file of silence. */
export function silentWav(seconds: number): ArrayBuffer {
  const bytes = seconds * SAMPLE_RATE * SAMPLE_BYTES;
  const file = new DataView(new ArrayBuffer(HEADER_BYTES + bytes));
  const text = (at: number, letters: string): void => {
    new TextEncoder().encode(letters).forEach((byte, index) => {
      file.setUint8(at + index, byte);
    });
  };
  text(0, 'RIFF');
  file.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, 'WAVEfmt ');
  file.setUint32(16, 16, true);
  file.setUint16(20, 1, true);
  file.setUint16(22, 1, true);
  file.setUint32(24, SAMPLE_RATE, true);
  file.setUint32(28, SAMPLE_RATE * SAMPLE_BYTES, true);
  file.setUint16(32, SAMPLE_BYTES, true);
  file.setUint16(34, 8 * SAMPLE_BYTES, true);
  text(36, 'data');
  file.setUint32(40, bytes, true);
  return file.buffer;
}
