"""The views, one file each; VIEWS is what the window builds its panels from."""

from gdviz.views.basins import BasinsView
from gdviz.views.curves import CurvesView
from gdviz.views.fit import FitView
from gdviz.views.header import HeaderView
from gdviz.views.inspector import InspectorView
from gdviz.views.laboratory import LaboratoryView
from gdviz.views.lessons import LessonsView
from gdviz.views.map import MapView
from gdviz.views.mechanics import MechanicsView
from gdviz.views.parameters import ParametersView
from gdviz.views.playbar import PlaybarView
from gdviz.views.racers import RacersView
from gdviz.views.relief import ReliefView
from gdviz.views.results import ResultsView
from gdviz.views.starts import StartsView
from gdviz.views.status import StatusView
from gdviz.views.story import StoryView
from gdviz.views.sweep import SweepView

VIEWS = (
    HeaderView,
    RacersView,
    ParametersView,
    StartsView,
    StoryView,
    MapView,
    PlaybarView,
    ReliefView,
    FitView,
    InspectorView,
    CurvesView,
    ResultsView,
    BasinsView,
    SweepView,
    MechanicsView,
    LaboratoryView,
    LessonsView,
    StatusView,
)
