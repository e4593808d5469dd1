"""Plots the results of a case as SVG: `python bench/plot.py results/stock.json results/stock.svg`."""

import json
import sys
from pathlib import Path
from statistics import median
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt

COLOURS = {"stock": "#8a8f98", "fp32": "#2563eb", "bf16": "#0d9488"}


def plot_stock(data: dict[str, Any]) -> None:
    """Plots the wall time of the stock command and the service by length of song: medians and ranges."""
    songs = data["songs"]
    figure, panels = plt.subplots(1, len(songs), figsize=(5 * len(songs), 2.6), squeeze=False)
    for panel, song in zip(panels[0], songs, strict=True):
        bars = [("stock", "stock command", song["stock"])]
        bars += [(ours["precision"], f"service, {ours['precision']}", ours["wall"]) for ours in song["ours"]]
        for key, label, walls in bars:
            middle = median(walls)
            whiskers = [[middle - min(walls)], [max(walls) - middle]]
            panel.barh(label, middle, xerr=whiskers, color=COLOURS[key], height=0.6, capsize=3)
            ratios = [wall / stock for wall, stock in zip(walls, song["stock"], strict=True)]
            ratio = "" if key == "stock" else f", {median(ratios):.2f} of stock"
            panel.text(max(walls) * 1.02, label, f" {middle:.1f} s{ratio}", va="center")
        panel.invert_yaxis()
        panel.set_xlim(right=max(song["stock"]) * 1.5)
        panel.set_title(f"song of {song['seconds']} s")
        panel.set_xlabel("wall seconds")
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()


def plot_memory(data: dict[str, Any]) -> None:
    """Plots the resident memory of worker and engine over time."""
    figure, panel = plt.subplots(figsize=(7.5, 3.4))
    for run in data["runs"]:
        seconds, mebibytes = zip(*run["samples"], strict=True)
        share = [second / seconds[-1] for second in seconds]
        panel.plot(share, mebibytes, label=f"{run['model']}, {run['minutes']} min")
    panel.set_xlabel("share of the run")
    panel.set_ylabel("worker and engine, MiB")
    panel.set_ylim(bottom=0)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(fontsize=8, ncols=2, frameon=False)
    figure.tight_layout()


PLOTS = {"stock": plot_stock, "memory": plot_memory}


def main() -> None:
    # keep text as text, and write equal files for equal figures
    mpl.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "bench", "font.size": 10})
    source, target = (Path(name) for name in sys.argv[1:3])
    PLOTS[source.stem](json.loads(source.read_text("utf-8")))
    plt.savefig(target, metadata={"Date": None})


if __name__ == "__main__":
    main()
