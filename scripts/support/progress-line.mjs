const WIDTH = 30;
const SMOOTH_AFTER_PERCENT = 2;

/** A progress line that overwrites itself on a terminal. Elsewhere it prints one line per step. */
export class ProgressLine {
  #out = process.stderr;
  #last = '';
  #shown = '';
  #began;

  uploading(share) {
    this.#bar('uploading', share * 100);
  }

  waiting(queue) {
    const eta = queue?.etaSeconds ?? null;
    const place = queue ? `, place ${queue.position}` : '';
    this.#write(`waiting${place}${eta === null ? '' : `, about ${duration(eta)}`}`, 'waiting');
  }

  away() {
    this.#write('the service does not answer, trying again', 'trying again');
  }

  /** Estimates the time left from the work done so far. */
  working({ percent, stage }) {
    this.#began ??= { at: Date.now(), percent };
    const done = percent - this.#began.percent;
    const seconds = (Date.now() - this.#began.at) / 1000;
    const left = done > SMOOTH_AFTER_PERCENT ? ` ${duration((seconds / done) * (100 - percent))} left` : '';
    this.#bar(stage, percent, left);
  }

  end() {
    if (this.#last !== '' && this.#out.isTTY) this.#out.write('\n');
    this.#last = '';
  }

  #bar(label, percent, rest = '') {
    const filled = Math.round((percent / 100) * WIDTH);
    const bar = '█'.repeat(filled) + '░'.repeat(WIDTH - filled);
    this.#write(`${label.padEnd(10)} ${bar} ${percent.toFixed(0).padStart(3)} %${rest}`, label);
  }

  #write(text, step) {
    if (text === this.#shown) return;
    this.#shown = text;
    if (this.#out.isTTY) {
      this.#out.write(`\r\u001b[K${text}`);
      this.#last = step;
    } else if (this.#last !== step) {
      this.#out.write(`${step}\n`);
      this.#last = step;
    }
  }
}

function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${whole % 60} s`;
}
