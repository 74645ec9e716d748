"""The sign of each action."""

ICONS = {
    "fix_listing": "edit_note",
    "size_note": "straighten",
    "supplier_claim": "assignment_return",
    "stop_buying": "block",
    "mark_down": "sell",
}
