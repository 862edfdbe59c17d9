behind=false
status=0
if [ -z "$SCAFFOLD" ]; then
  echo "The variable SCAFFOLD is not set: nothing to do."
elif git log origin/main..origin/template-sync --format=%an 2>/dev/null | grep -qvx template-sync; then
  echo "Somebody works on the branch template-sync: it is left alone until it is merged."
else
  uvx --from "$SCAFFOLD" scaffold check || status=$?
fi
if [ "$status" -eq 1 ]; then
  git config user.name template-sync
  git config user.email template-sync@localhost
  status=0
  uvx --from "$SCAFFOLD" scaffold upgrade --branch template-sync > .git/upgrade.txt 2>&1 || status=$?
  cat .git/upgrade.txt
fi
# 1 is an upgrade with conflicts: they are committed with their marks and listed in the text.
if [ "$status" -gt 1 ]; then exit "$status"; fi
if git show-ref --quiet refs/heads/template-sync; then
  behind=true
  {
    if [ "$status" -eq 1 ]; then printf '**There are conflicts to resolve on this branch.**\n\n'; fi
    printf '`scaffold upgrade` says:\n\n```\n'
    cat .git/upgrade.txt
    printf '```\n'
  } > .git/template-sync.md
fi
