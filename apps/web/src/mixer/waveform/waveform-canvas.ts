import type { TimelineView } from '../timeline/timeline-view.js';
import { COLUMN_VALUES, type LaneShape } from './lane-shape.js';
import type { DrawnPart, WaveformLoader } from './waveform-loader.js';
import type { Waveforms } from './waveforms.js';

/** What a canvas draws. */
export interface Shape {
  readonly view: TimelineView;
  readonly waveforms: Waveforms;
  readonly lane: LaneShape;
  readonly loader: WaveformLoader;
}

/** opacity of the peaks around the mean level */
const PEAK_ALPHA = 0.5;

/** What is on the canvas now: column `first` and those after it. */
interface Drawn {
  readonly first: number;
  readonly samplesPerColumn: number;
  readonly version: number;
}

/** Draws a lane in columns of one device pixel. A view that moves along only adds the new columns. */
export class WaveformCanvas {
  private drawn: Drawn | undefined;
  private columns = new Float32Array();
  private color = '';
  private readonly scheme = matchMedia('(prefers-color-scheme: dark)');
  private readonly sizes = new ResizeObserver(() => {
    this.resize();
  });

  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly shape: Shape,
  ) {
    this.sizes.observe(canvas);
    this.scheme.addEventListener('change', this.forget);
  }

  close(): void {
    this.sizes.disconnect();
    this.scheme.removeEventListener('change', this.forget);
  }

  /** Draws what has changed since the last frame. */
  paint(): void {
    const { view, waveforms, loader } = this.shape;
    const { width } = this.canvas;
    const context = this.canvas.getContext('2d');
    if (context === null || width === 0 || this.columns.length === 0) return;
    const samplesPerColumn = view.length.peek() / width;
    const first = Math.round(view.from.peek() / samplesPerColumn);
    const part: DrawnPart = {
      from: first * samplesPerColumn,
      to: (first + width) * samplesPerColumn,
      samplesPerColumn,
    };
    loader.follow(part);
    const { drawn } = this;
    this.drawn = { first, samplesPerColumn, version: waveforms.version };
    const isSame = drawn?.samplesPerColumn === samplesPerColumn && drawn.version === waveforms.version;
    const shift = isSame ? first - drawn.first : width;
    if (shift === 0) return;
    if (Math.abs(shift) >= width) {
      context.clearRect(0, 0, width, this.canvas.height);
      this.drawColumns(context, 0, width);
      return;
    }
    context.globalCompositeOperation = 'copy';
    context.drawImage(this.canvas, -shift, 0);
    context.globalCompositeOperation = 'source-over';
    this.drawColumns(context, shift > 0 ? width - shift : 0, Math.abs(shift));
  }

  private drawColumns(context: CanvasRenderingContext2D, x: number, count: number): void {
    const { lane, waveforms } = this.shape;
    const { columns, canvas, drawn } = this;
    if (drawn === undefined) return;
    lane.fill(columns, drawn.first + x, count, drawn.samplesPerColumn);
    const middle = canvas.height / 2;
    const unit = (middle - 1) / waveforms.scale;
    context.fillStyle = this.color;
    for (let column = 0; column < count; column += 1) {
      const at = column * COLUMN_VALUES;
      if (Number.isNaN(columns[at])) continue;
      const top = middle - (columns[at + 1] ?? 0) * unit;
      const bottom = middle - (columns[at] ?? 0) * unit;
      const level = (columns[at + 2] ?? 0) * unit;
      context.globalAlpha = level > 0 ? PEAK_ALPHA : 1;
      // never less than a line
      const height = Math.max(bottom - top, devicePixelRatio);
      context.fillRect(x + column, (top + bottom - height) / 2, 1, height);
      if (level <= 0) continue;
      context.globalAlpha = 1;
      const coreTop = Math.max(top, middle - level);
      const coreBottom = Math.min(bottom, middle + level);
      if (coreBottom > coreTop) context.fillRect(x + column, coreTop, 1, coreBottom - coreTop);
    }
  }

  private resize(): void {
    const { canvas } = this;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    this.columns = new Float32Array(canvas.width * COLUMN_VALUES);
    this.color = getComputedStyle(canvas).color;
    this.drawn = undefined;
    this.paint();
  }

  /** Draws all of it again, in the colors of now. */
  private readonly forget = (): void => {
    this.color = getComputedStyle(this.canvas).color;
    this.drawn = undefined;
  };
}
