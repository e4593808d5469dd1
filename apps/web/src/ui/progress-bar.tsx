import type { JSX } from 'preact';

interface ProgressBarProps {
  readonly label: string;
  /** undefined: not known yet */
  readonly percent: number | undefined;
}

export function ProgressBar({ label, percent }: ProgressBarProps): JSX.Element {
  const known = percent === undefined ? {} : { 'aria-valuenow': Math.floor(percent) };
  return (
    <div class="bar" role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} {...known}>
      <div
        class={percent === undefined ? 'bar-fill bar-unknown' : 'bar-fill'}
        style={{ transform: `scaleX(${(percent ?? 100) / 100})` }}
      />
    </div>
  );
}
