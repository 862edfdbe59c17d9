#!/bin/sh
# Put a report into one comment on the pull request; later pushes bring it up to date.
set -eu
report=$1
repository="$SYSTEM_COLLECTIONURI$SYSTEM_TEAMPROJECTID/_apis/git/repositories/$BUILD_REPOSITORY_ID"
threads="$repository/pullRequests/$SYSTEM_PULLREQUEST_PULLREQUESTID/threads"
ask() {
  curl --fail --silent --show-error \
    --header "Authorization: Bearer $SYSTEM_ACCESSTOKEN" --header 'Content-Type: application/json' "$@"
}
me=$(
  ask "${SYSTEM_COLLECTIONURI}_apis/connectionData" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["authenticatedUser"]["id"])'
)
# The comment of an earlier push, by its author and its title.
old=$(
  ask "$threads?api-version=7.1" | python3 -c 'import json, sys; print(*[
    "{}/comments/{}".format(thread["id"], first["id"])
    for thread in json.load(sys.stdin)["value"] for first in thread["comments"][:1]
    if first["author"]["id"] == sys.argv[1] and (first.get("content") or "").startswith(sys.argv[2])][:1])' \
    "$me" "$(head -n 1 "$report")"
)
comment=$(python3 -c 'import json, sys; print(json.dumps({"content": sys.stdin.read()}))' < "$report")
if [ -n "$old" ]; then
  printf %s "$comment" | ask --output /dev/null --request PATCH --data @- "$threads/$old?api-version=7.1"
else
  # Closed, for nobody has to resolve it.
  printf '{"status": "closed", "comments": [%s]}' "$comment" |
    ask --output /dev/null --data @- "$threads?api-version=7.1"
fi
