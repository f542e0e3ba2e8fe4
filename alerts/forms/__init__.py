"""Input of the pages; no writes."""

from alerts.forms.alerting import AlertingForm
from alerts.forms.holds import HoldForm, SilenceForm, WindowForm
from alerts.forms.integrations import IntegrationForm, ServiceForm
from alerts.forms.rules import RuleForm

__all__ = [
    "AlertingForm",
    "HoldForm",
    "IntegrationForm",
    "RuleForm",
    "ServiceForm",
    "SilenceForm",
    "WindowForm",
]
