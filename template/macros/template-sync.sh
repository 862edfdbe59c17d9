behind=false
title=""
status=0
if git log HEAD..origin/template-sync --format=%an 2>/dev/null | grep -qvx template-sync; then
  echo "Somebody works on the branch template-sync: it is left alone until it is merged."
else
  uvx --from "$SCAFFOLD" scaffold check || status=$?
fi
if [ "$status" -eq 1 ]; then
  git config user.name template-sync
  git config user.email template-sync@localhost
  status=0
  uvx --from "$SCAFFOLD" scaffold upgrade --branch template-sync --json > .git/upgrade.json || status=$?
fi
# 1 is an upgrade with conflicts: they are committed with their marks and listed in the text.
if [ "$status" -gt 1 ]; then
  cat .git/upgrade.json
  exit "$status"
fi
if git show-ref --quiet refs/heads/template-sync; then
  behind=true
  field() { python3 -c 'import json, sys; print(json.load(open(".git/upgrade.json"))["pull_request"][sys.argv[1]])' "$1"; }
  title=$(field title)
  field body > .git/template-sync.md
  cat .git/template-sync.md
fi
