"""All architectures by class name: weights of any other class are refused."""

from __future__ import annotations

from separation_engine.architectures.demucs.row import DEMUCS, HDEMUCS
from separation_engine.architectures.htdemucs.row import HTDEMUCS
from separation_engine.architectures.roformer.row import BS_ROFORMER, MEL_BAND_ROFORMER
from separation_engine.architectures.scnet.row import SCNET_ROW

ARCHITECTURES = {
    row.klass: row for row in (HTDEMUCS, HDEMUCS, DEMUCS, BS_ROFORMER, MEL_BAND_ROFORMER, SCNET_ROW)
}
