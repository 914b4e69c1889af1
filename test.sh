#!/usr/bin/env bash
# Every test: sets up what is missing, builds all projects, runs their tests and closes with the counts. Arguments go to the
# test runners, such as -class '*ClaimTests'.
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

# As in scripts/setup.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
scripts/setup --if-needed

dotnet build Freeze.sln -c Release --nologo -v quiet

passed=0 failed=0 skipped=0
for project in tests/*/*.Tests.*proj; do
    name=$(basename "${project%.*}")
    report=artifacts/$name.txt
    # A runner that crashes has no summary: that is a failure too.
    dotnet "artifacts/bin/$name/release/$name.dll" -noLogo -noColor "$@" 2>&1 | tee "$report" || true
    summary=$(grep -E '^ +[A-Za-z.]+ +Total: [0-9]+' "$report" | tail -n 1 || true)
    # A project of which no test was asked for has a total alone.
    count() { grep -oP "$1: \K[0-9]+" <<<"$summary" || echo 0; }
    if [[ -z $summary ]]; then
        echo "$name ended without a summary"
        failed=$((failed + 1))
        continue
    fi
    broken=$(($(count Failed) + $(count Errors)))
    failed=$((failed + broken))
    skipped=$((skipped + $(count Skipped)))
    passed=$((passed + $(count Total) - $(count Skipped) - broken))
done

echo
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
