#!/usr/bin/env bash
# All tests: installs what they need, runs them, ends with one line of counts. Arguments go to dotnet test, for
# example: ./test.sh --filter-class '*RoutePlanner*'
# With CI=true a skipped test counts as a failure.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for tool in dotnet node npm; do
  if ! command -v "$tool" > /dev/null; then
    echo "test.sh needs $tool: .NET SDK 10, and Node.js 20 with npm for the client and gguf-host tests" >&2
    exit 1
  fi
done

export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_CLI_UI_LANGUAGE=en
# A build node that stays would hold the output of whoever runs this in a pipe.
export MSBUILDDISABLENODEREUSE=1
export HOME="${HOME:-$PWD/.cache/home}"
# What gguf-host installs on first use stays in the checkout, and is there again at the next run.
export HYBRIDROUTER_HOME="${HYBRIDROUTER_HOME:-$PWD/.cache/hybridrouter}"
mkdir -p "$HOME" "$HYBRIDROUTER_HOME"

# The tests of the shared quota store run against real servers. Garnet comes as a .NET tool, installed by its tests.
if ! command -v redis-server > /dev/null; then
  if command -v apt-get > /dev/null && [ "$(id -u)" -eq 0 ]; then
    echo "Installing redis-server"
    apt-get update -qq
    # The package would start a server of its own, which the tests do not want.
    printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d
    chmod +x /usr/sbin/policy-rc.d
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server > /dev/null
    rm -f /usr/sbin/policy-rc.d
  else
    echo "redis-server is not installed: its tests are skipped (Debian: apt-get install redis-server)" >&2
  fi
fi

# The npm clients, by lock file. The tests find the stamp; run without this script, they install by themselves.
for source in tests/HybridRouter.FunctionalTests/Clients/npm/*/; do
  target=".cache/npm/$(basename "$source")"
  wanted=$(sha256sum < "$source/package-lock.json" | cut -d ' ' -f 1)
  if [ "$(cat "$target/installed.sha256" 2> /dev/null || true)" != "$wanted" ]; then
    echo "Installing $(basename "$source") into $target"
    mkdir -p "$target"
    cp "$source/package.json" "$source/package-lock.json" "$target/"
    (cd "$target" && npm ci --ignore-scripts --no-audit --no-fund --no-update-notifier)
    printf '%s' "$wanted" > "$target/installed.sha256"
  fi
done

results="$PWD/.cache/test-results"
rm -rf "$results"
mkdir -p "$results"
options=(--results-directory "$results" --report-xunit-trx --max-parallel-test-modules 1)
if [ "${CI:-}" = true ]; then
  options+=(--fail-skips on)
fi
# A filter leaves some projects without a test, which is exit code 8.
if [ $# -gt 0 ]; then
  options+=(--ignore-exit-code 8)
fi

status=0
dotnet test --solution HybridRouter.sln -c Release "${options[@]}" "$@" || status=$?

# Sums the named counters over all projects; each results file has one Counters element.
count() {
  { grep -ohE '<Counters [^>]*>' "$results"/*.trx 2> /dev/null || true; } |
    { grep -oE " ($1)=\"[0-9]+\"" || true; } | tr -dc '0-9\n' | awk '{ sum += $1 } END { print sum + 0 }'
}
passed=$(count passed)
failed=$(count 'failed|error')
skipped=$(count 'notExecuted|notRunnable')
if [ "$status" -eq 0 ] && { [ "$passed" -eq 0 ] || [ "$failed" -gt 0 ]; }; then
  status=1
fi
echo
echo "$passed passed, $failed failed, $skipped skipped"
exit "$status"
