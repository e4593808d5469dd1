// a process of its own: a song takes seconds of one core
import { pipeline } from 'node:stream/promises';
import { loadStretchLibrary } from './load-library.js';
import { stretchLanes, type Stretching } from './stretch-lanes.js';

const library = loadStretchLibrary();
const stretching = JSON.parse(process.argv[2] ?? '') as Stretching;
await pipeline(
  process.stdin,
  (input: AsyncIterable<Buffer>) => stretchLanes(input, library, stretching),
  process.stdout,
);
