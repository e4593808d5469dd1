// what a second of song costs with each model, relative to htdemucs
import { separate } from '../support/separate.mjs';
import { median, spread, table } from '../support/statistics.mjs';

const SECONDS = 30;
const ROUNDS = Number(process.env.BENCH_ROUNDS || 3);
const RANDOM = ['htdemucs', 'htdemucs_ft', 'htdemucs_6s'];
const CANDIDATES = [
  { model: 'htdemucs', backend: 'openvino' },
  { model: 'htdemucs', backend: 'torch' },
  { model: 'htdemucs_ft', backend: 'openvino' },
  { model: 'htdemucs_ft', backend: 'openvino', stems: 'vocals' },
  { model: 'htdemucs_6s', backend: 'openvino' },
  { model: 'demo', backend: 'openvino' },
];

export async function measure(workbench) {
  await workbench.makeRandomModels(RANDOM);
  const services = { openvino: await workbench.startService({ MODEL: 'htdemucs', ENGINE_BACKEND: 'openvino' }) };
  services.torch = await workbench.startService({ MODEL: 'htdemucs', ENGINE_BACKEND: 'torch' });
  const seconds = CANDIDATES.map(() => []);
  const loading = CANDIDATES.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const [index, { model, backend, stems }] of CANDIDATES.entries()) {
      const options = { model, ...(stems && { stems: stems.split(',') }) };
      const stage = async (variant) => {
        const song = await workbench.makeSong(SECONDS, { variant });
        return (await separate(services[backend], song, options)).separation.receipt.seconds.separate;
      };
      // the previous model replaced this one in memory: the first song loads it again
      const [first, second] = [await stage(2 * round), await stage(2 * round + 1)];
      seconds[index].push(second);
      loading[index].push(first - second);
      console.log(`${model} on ${backend}: ${first.toFixed(1)} s, then ${second.toFixed(1)} s`);
    }
  }
  const rows = CANDIDATES.map(({ model, backend, stems = 'all' }, index) => [
    model,
    backend,
    stems,
    spread(seconds[index], 1),
    spread(
      seconds[index].map((value, round) => value / seconds[0][round]),
      2,
    ),
    `${(SECONDS / median(seconds[index])).toFixed(1)} ×`,
    spread(loading[index], 1),
  ]);
  const head = [
    'model',
    'backend',
    'stems',
    'separate, s',
    'relative to htdemucs on openvino',
    'real time',
    'extra time of the first song, s',
  ];
  const text = `The stage \`separate\` of a song of ${SECONDS} s, fp32, measured on the second of two songs. The first song loads the model, and compiles its graph in the first round; the default model, htdemucs, is always loaded. Medians and [range] of ${ROUNDS} rounds, with the models by turns.`;
  return { text: `${text}\n\n${table(head, rows)}` };
}
