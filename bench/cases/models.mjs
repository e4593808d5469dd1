// the models against htdemucs: what a second of song costs with each
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
  // the round before the first one loads each model
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, { model, backend, stems }] of CANDIDATES.entries()) {
      const song = await workbench.makeSong(SECONDS, { variant: round + 1 });
      const fields = [['model', model], ...(stems ? [['stems', stems]] : [])];
      const { separation } = await separate(services[backend], song, fields);
      if (round >= 0) seconds[index].push(separation.receipt.seconds.separate);
      console.log(`${model} on ${backend}: ${separation.receipt.seconds.separate.toFixed(1)} s`);
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
  ]);
  const head = ['model', 'backend', 'stems', 'separate, s', 'against htdemucs on openvino', 'real time'];
  const text = `A song of ${SECONDS} s, fp32, models loaded; the stage \`separate\` of the receipt. Medians and [range] of ${ROUNDS} rounds, models by turns.`;
  return { text: `${text}\n\n${table(head, rows)}` };
}
