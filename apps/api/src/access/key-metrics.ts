import { Injectable } from '@nestjs/common';
import { Gauge, Registry } from '@app/metrics';
import { KeyRing } from './key-ring.js';

/** Metrics of API_KEYS_FILE, if there is one. */
@Injectable()
export class KeyMetrics {
  constructor(registry: Registry, keys: KeyRing) {
    if (!keys.needed) return;
    const registers = [registry];
    new Gauge({
      name: 'api_keys',
      help: 'Valid access keys',
      registers,
      collect() {
        this.set(keys.count);
      },
    });
    new Gauge({
      name: 'api_keys_file_ok',
      help: '1 when the file of access keys can be read and each of its lines is a key',
      registers,
      collect() {
        this.set(keys.problem === undefined ? 1 : 0);
      },
    });
  }
}
