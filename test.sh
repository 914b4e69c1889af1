#!/usr/bin/env bash
# Runs every test: sets up what is missing, builds all projects, runs their tests and prints the counts last.
#   ./test.sh                 all tests
#   ./test.sh --only WORDS    those whose full name (class or list, and test) contains these words
set -euo pipefail
cd "$(dirname "$(readlink -f "$0")")"

only=
if [[ $# == 2 && $1 == --only && -n $2 ]]; then
    only=$2
elif (($# > 0)); then
    echo "unknown arguments: $*" >&2
    echo "usage: ./test.sh [--only WORDS]" >&2
    exit 2
fi

# As in scripts/setup.
export DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1
scripts/setup --if-needed

# MSBuild takes as long to see that nothing must be built as some tests take to run.
built=artifacts/.tests-built
sources=(src tests Freeze.sln Directory.Build.props global.json paket.lock artifacts/.device)
if [[ ! -e $built || -n $(find "${sources[@]}" -newer "$built" -print -quit) ]]; then
    touch artifacts/.tests-building
    dotnet build Freeze.sln -c Release --nologo -v quiet
    mv artifacts/.tests-building "$built"
fi

is_expecto() { grep -q Program.fs "$1"; }

# Runs a project's tests; their output goes to artifacts/NAME.txt and is shown when they have finished.
run() {
    local project=$1 name code=0
    name=$(basename "${project%.*}")
    if is_expecto "$project"; then
        arguments=(${only:+--only "$only"})
    else
        # C# names have no spaces.
        arguments=(-noLogo -noColor ${only:+-method "*$only*" -method "*${only// /_}*"})
    fi
    # Even without colours, Expecto writes codes that reset them.
    dotnet "artifacts/bin/$name/release/$name.dll" "${arguments[@]}" 2>&1 | sed -u $'s/\e\[0m//g' >"artifacts/$name.txt" || code=$?
    echo "$code" >"artifacts/$name.code"
    cat "artifacts/$name.txt"
}

projects=(tests/*/*.Tests.*proj)
rm -f artifacts/*.Tests.{txt,code}
trap 'trap "" TERM; kill 0; exit 130' INT TERM

# Two projects at a time. The longest start first: the commands' tests mostly wait for processes, the runtime's compute. The
# shortest come last, so that neither lane is idle for long.
waiting=(tests/Freeze.{Cli,Runtime,Kernels,Language,Report}.Tests/*.Tests.*proj)
for project in "${projects[@]}"; do
    [[ " ${waiting[*]} " == *" $project "* ]] || waiting+=("$project")
done
for project in "${waiting[@]}"; do
    while (($(jobs -rp | wc -l) >= 2)); do wait -n || true; done
    run "$project" &
done
wait

passed=0 failed=0 skipped=0
for project in "${projects[@]}"; do
    name=$(basename "${project%.*}")
    code=$(cat "artifacts/$name.code" || echo 1)

    # The line of xunit (`Total: 3, Errors: 0, …`) or of Expecto (`EXPECTO! 3 tests run in … – 3 passed, …`).
    summary=$(grep -E '^ +[A-Za-z.]+ +Total: [0-9]+|EXPECTO! [0-9,]+ tests run|^No test has the words' "artifacts/$name.txt" | tail -n 1 |
        sed -E 's/([0-9]),([0-9])/\1\2/g' || true)
    count() { grep -oiP "(?<=\b$1: )[0-9]+|[0-9]+(?= $1\b)" <<<"$summary" || echo 0; }
    broken=$(($(count failed) + $(count errors) + $(count errored)))
    omitted=$(($(count skipped) + $(count ignored)))
    if is_expecto "$project"; then
        good=$(count passed)
    else
        good=$(($(count total) - omitted - broken))
    fi
    # A crashed test runner prints no summary, or its exit code contradicts its counts.
    if [[ -z $summary ]] || ((code != 0 && broken == 0 && good > 0)); then
        echo "$name ended with code $code and no failed test"
        broken=$((broken + 1))
    fi
    passed=$((passed + good)) failed=$((failed + broken)) skipped=$((skipped + omitted))
done

echo
((passed + failed + skipped > 0)) || echo "No test has the words: $only"
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0 && passed > 0))
