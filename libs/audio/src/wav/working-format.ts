// the working format: WAV, float32, 44.1 kHz, stereo. The engine reads the mix and writes every stem in it

/** Hz */
export const WORKING_RATE = 44_100;
export const WORKING_CHANNELS = 2;
/** bytes of one sample of all channels */
export const WORKING_FRAME_BYTES = WORKING_CHANNELS * Float32Array.BYTES_PER_ELEMENT;
