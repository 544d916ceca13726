"""The outbox: emails with their codes, and signed webhooks."""

from __future__ import annotations

from flask import Response
from flask import render_template
from flask import request

from ..current import current_local
from .blueprint import blueprint
from .blueprint import see
from .users import SHOWN


@blueprint.get("/outbox")
def outbox() -> str:
    """List what the instance would have sent, newest first."""
    to = request.args.get("to", "").strip()
    topic = request.args.get("topic", "").strip()
    box = current_local().outbox
    return render_template(
        "clerk_local/dashboard/outbox.html",
        emails=box.emails(to or None)[:SHOWN],
        events=box.events(topic or None)[:SHOWN],
        is_delivered=box.deliver is not None,
        topics=sorted({event.topic for event in box.events()}),
        to=to,
        topic=topic,
    )


@blueprint.post("/outbox/<message_id>/send")
def send_again(message_id: str) -> Response:
    """Deliver a webhook once more."""
    current_local().outbox.send_again(message_id)
    return see("outbox", "delivered")


@blueprint.post("/outbox/clear")
def clear_outbox() -> Response:
    """Throw everything away."""
    current_local().outbox.clear()
    return see("outbox", "cleared")
