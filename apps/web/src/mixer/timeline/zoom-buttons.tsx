import type { JSX } from 'preact';
import type { Player } from '../../audio/player.js';
import { messages } from '../../i18n/i18n.js';
import { Icon } from '../../ui/icons.js';
import type { TimelineView } from './timeline-view.js';
import { ZOOM_STEP } from './zoom.js';

interface ZoomProps {
  readonly view: TimelineView;
  readonly player: Player;
}

/** Shows a shorter or longer part of the song. */
export function ZoomButtons({ view, player }: ZoomProps): JSX.Element {
  const { zoomIn, zoomOut } = messages.value.mixer;
  return (
    <div class="zoom">
      <button
        type="button"
        class="quiet"
        title={`${zoomOut} (R)`}
        aria-label={zoomOut}
        disabled={!view.isZoomed.value}
        onClick={() => {
          zoomAtHead(view, player, ZOOM_STEP);
        }}
      >
        <Icon name="minus" />
      </button>
      <button
        type="button"
        class="quiet"
        title={`${zoomIn} (T)`}
        aria-label={zoomIn}
        onClick={() => {
          zoomAtHead(view, player, 1 / ZOOM_STEP);
        }}
      >
        <Icon name="plus" />
      </button>
    </div>
  );
}

/** Zooms at the playhead, which it brings into view. */
export function zoomAtHead(view: TimelineView, player: Player, factor: number): void {
  const position = player.position.peek();
  view.reveal(position);
  view.zoom(factor, view.placeOf(position));
}
