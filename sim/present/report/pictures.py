"""Stage 5e: the figures of the report, drawn from runs and tables, each with its caption in both languages."""

from collections.abc import Callable
from concurrent.futures import Executor
from pathlib import Path

import matplotlib.pyplot as plt

from sim.network.network import Network
from sim.present.report.chart_pictures import list_chart_jobs
from sim.present.report.data import Picture, ReportData
from sim.present.report.line_pictures import list_line_jobs
from sim.present.report.map_pictures import list_map_jobs
from sim.present.report.picture import save_picture
from sim.present.report.picture_jobs import PictureJob
from sim.present.report.project_pictures import list_project_jobs
from sim.present.report.trust_pictures import list_trust_jobs

__all__ = ["draw_pictures", "list_jobs"]


def list_jobs(data: ReportData, open_network: Network) -> list[PictureJob]:
    """Return every figure that the study chose and whose data exist, in the order in which they are drawn."""
    return [
        *list_map_jobs(data, open_network),
        *list_chart_jobs(data),
        *list_line_jobs(data),
        *list_project_jobs(data),
        *list_trust_jobs(data),
    ]


def draw_pictures(
    data: ReportData,
    open_network: Network,
    folder: Path,
    *,
    executor: Executor,
    report: Callable[[str], None] = lambda _: None,
) -> list[Picture]:
    """Draw every figure that the study chose and whose data exist, and return them in the order of the report.

    Parameters
    ----------
    open_network : the network without projects in the year of the first scenario, for the map by status.
    folder : takes each figure as PNG, SVG and PDF.
    executor : a process pool that writes the files of one figure while the next is drawn.
    report : is told the file of each figure as it begins, and how many there are.
    """
    jobs = list_jobs(data, open_network)
    saving = []
    for number, job in enumerate(jobs, start=1):
        report(f"{job.stem} ({number} of {len(jobs)})")
        figure = job.draw()
        saving.append(executor.submit(save_picture, figure, folder / job.stem))
        plt.close(figure)
    return [
        Picture(job.kind, folder / f"{job.stem}.png", job.caption, job.caption_en, saved.result())
        for job, saved in zip(jobs, saving, strict=True)
    ]
