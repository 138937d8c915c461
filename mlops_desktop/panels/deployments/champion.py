"""After another version was put into service: is it to be the champion, too?"""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions import models
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.models import CHAMPION, ModelVersion, other_champion
from mlops_desktop.widgets.banner import Banner
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.work.jobs import Jobs


class ChampionOffer(QWidget):
    """Hidden until the version that a deployment serves has changed. The alias never moves by
    itself. failed(UserError), toast(text)."""

    failed = Signal(object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._served: dict[int, int] = {}  # The version that was seen last, by deployment.
        self._offered: tuple[int, int] | None = None  # A deployment, and its version.
        self._deployment: Deployment | None = None
        self.yes = secondary("", "package-check", self._make_champion)
        self.yes.setObjectName("make-champion")
        self._banner = Banner("info", "", [self.yes], closable=True)
        self._banner.setObjectName("champion-offer")
        self._banner.closed.connect(self._dismiss)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._banner)
        self.hide()

    def watch(self, deployment: Deployment, versions: Sequence[ModelVersion]) -> None:
        """Look at the deployment that is shown, and at all versions of all models."""
        self._deployment = deployment
        before = self._served.get(deployment.id)
        self._served[deployment.id] = deployment.version
        if before is not None and before != deployment.version:
            self._offered = (deployment.id, deployment.version)
        champion = other_champion(versions, deployment.model, deployment.version)
        offered = self._offered == (deployment.id, deployment.version)
        self.setVisible(offered and champion is not None)
        if champion is not None:
            ref = f"{deployment.model}@{deployment.version}"
            said = self.tr("{0} serves {1} now; the champion is still {2}.")
            self._banner.show()
            self._banner.say(said.format(deployment.name, ref, champion.ref))
            text = self.tr("Make {0} the champion too").format(ref)
            self.yes.setText(f" {text}")
            self.yes.setAccessibleName(text)

    def _make_champion(self) -> None:
        deployment = self._deployment
        if deployment is not None:
            model, number = deployment.model, deployment.version
            self._jobs.run(
                self,
                lambda store: models.set_alias(store, model, CHAMPION, number),
                lambda version: self.toast.emit(
                    self.tr("{0} is the champion.").format(version.ref)
                ),
                self.failed.emit,
            )

    def _dismiss(self) -> None:
        self._offered = None
        self.hide()
