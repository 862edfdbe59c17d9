behind=false
title=""
status=0
# Where the workspace stays, so does what the last run made in it.
git checkout --quiet --detach
git branch --quiet --delete --force template-sync 2>/dev/null || true
rm -f .git/upgrade.json
# What is pushed may take the place of this alone; nothing: there is no such branch yet.
seen=$(git rev-parse --quiet --verify origin/template-sync || true)
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
