#!/usr/bin/env bash
# Builds this repository's NUKE build where its sources have changed, and becomes it: ./build.sh --help
# build.ps1 does the same, step by step.
set -euo pipefail

# Relative paths in arguments are relative to where the caller is.
export NUKE_CALLER_DIRECTORY="$PWD"
cd -P "$(dirname "${BASH_SOURCE[0]}")"

export NUKE_TELEMETRY_OPTOUT=1 DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

# Compilers, the build and test hosts live for seconds: what the runtime spends on profiling and guarding their code is not paid back.
export DOTNET_TieredPGO="${DOTNET_TieredPGO:-0}" DOTNET_EnableWriteXorExecute="${DOTNET_EnableWriteXorExecute:-0}"
ROOT="$PWD"
TEMP_FOLDER="$ROOT/.nuke/temp"
STAMP="$TEMP_FOLDER/build.stamp"
ASSEMBLY="$ROOT/build/bin/Debug/_build.dll"
PACKAGE_ROOT="${NUGET_PACKAGES:-$HOME/.nuget/packages}"

# Only one at a time makes the build ready (9). Ready builds run beside each other (8, shared): who has to build them anew waits until none runs.
take_locks() {
    command -v flock >/dev/null || return 0
    exec 9>"$TEMP_FOLDER/build.lock" 8>"$TEMP_FOLDER/run.lock"
    wait_for 9 --exclusive "to be built"
}

wait_for() {
    command -v flock >/dev/null || return 0
    if ! flock --wait 1 "$2" "$1"; then
        echo "build.sh: waiting for another build in this checkout $3" >&2
        flock "$2" "$1"
    fi
}

# Processes that the build starts would inherit the lock and could hold it after the build's end: a watcher holds it for as long as the build lives.
hand_lock_to_watcher() {
    command -v flock >/dev/null || return 0
    wait_for 8 --shared "to be built"
    exec 9>&-
    (
        trap '' INT TERM HUP
        while is_alive $$; do sleep 0.2; done
    ) </dev/null >/dev/null 2>&1 &
    exec 8>&-
}

# A process that has ended and that nobody has waited for yet still takes signals.
is_alive() {
    local stat=""
    kill -0 "$1" 2>/dev/null || return 1
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    [[ "$stat" != *") Z "* ]]
}

has_sdk() { command -v dotnet >/dev/null && SDK_VERSION="$(dotnet --version 2>/dev/null)"; }

# Where no SDK fits global.json, the one that it names is installed for this checkout alone, as NUKE's own scripts do. DOTNET_INSTALL_URL is another source of the installer.
install_sdk() {
    local folder="$TEMP_FOLDER/dotnet-unix" installer="$TEMP_FOLDER/dotnet-install.sh" url="${DOTNET_INSTALL_URL:-https://dot.net/v1/dotnet-install.sh}"
    export PATH="$folder:$PATH" DOTNET_ROOT="$folder"
    hash -r
    ! has_sdk || return 0
    echo "build.sh: no .NET SDK here fits global.json; installing it into $folder with $url" >&2
    if ! download "$url" "$installer" || ! bash "$installer" --install-dir "$folder" --jsonfile "$ROOT/global.json" --no-path >&2; then
        echo "build.sh: the .NET SDK could not be installed: install the one of global.json, https://dotnet.microsoft.com/download, or set DOTNET_INSTALL_URL" >&2
        exit 2
    fi
    hash -r
    if ! has_sdk; then
        echo "build.sh: the .NET SDK in $folder does not run: remove that folder, or install the SDK of global.json, https://dotnet.microsoft.com/download" >&2
        exit 2
    fi
}

download() {
    if command -v curl >/dev/null; then curl -fsSL "$1" -o "$2"; else wget -q "$1" -O "$2"; fi
}

version_of() { sed -n "s|.*<$1>\(.*\)</$1>.*|\1|p" Directory.Build.props; }

# Changes when the configuration of the package feeds does.
feed_key() {
    local folder="$ROOT" files=()
    while true; do
        files+=("$folder/nuget.config" "$folder/NuGet.config" "$folder/NuGet.Config")
        [[ "$folder" != "/" ]] || break
        folder="$(dirname "$folder")"
    done
    cat "${files[@]}" "$HOME/.nuget/NuGet/NuGet.Config" "$HOME"/.nuget/config/*.config "$HOME/.config/NuGet/NuGet.Config" 2>/dev/null \
        | cksum | tr -d ' ' || true
}

# Whether a package is here or comes from the feed. That the feed lacks it is remembered for a day.
has_package() {
    local id="$1" version="$2" lower folder answer absent
    lower="$(tr '[:upper:]' '[:lower:]' <<<"$id")"
    [[ ! -f "$PACKAGE_ROOT/$lower/$version/$lower.nuspec" ]] || return 0
    folder="$TEMP_FOLDER/feed/$lower"
    absent="$folder/absent-$version-$(feed_key)"
    [[ -z "$(find "$absent" -mtime -1 2>/dev/null)" ]] || return 1

    mkdir -p "$folder"
    tee "$folder/Directory.Build.props" "$folder/Directory.Build.targets" "$folder/Directory.Packages.props" >/dev/null <<<"<Project />"
    cat >"$folder/question.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="$id" Version="[$version]" /></ItemGroup>
</Project>
EOF
    answer="$(dotnet restore "$folder/question.csproj" --nologo --verbosity quiet 8>&- 9>&- 2>&1)" && return 0
    if [[ "$answer" == *NU1101* || "$answer" == *NU1102* || "$answer" == *NU1103* ]]; then
        touch "$absent"
    else
        echo "build.sh: the feed could not be asked for $id: $(grep --max-count=1 error <<<"$answer" || echo "$answer")" >&2
    fi
    return 1
}

is_up_to_date() {
    [[ -f "$ASSEMBLY" && -f "$STAMP" && "$(<"$STAMP")" == "$IN_USE" ]] || return 1
    [[ -z "$(find build src Directory.*.props global.json .editorconfig CodeMetricsConfig.txt \
        \( -name bin -o -name obj \) -prune -o -newer "$STAMP" -print -quit)" ]]
}

mkdir -p "$TEMP_FOLDER"
take_locks
has_sdk || install_sdk

# Both are asked for at once: each question takes seconds where nothing is cached.
NUKE_VERSION="$(version_of NukeVersion)"
LAYER_VERSION="$(version_of TranslationLayerVersion)"
[[ -n "${UseNukeStandIn:-}" ]] || { has_package Nuke.Common "$NUKE_VERSION" & NUKE_QUESTION=$!; }
[[ -n "${UseSdkTranslationLayer:-}" ]] || { has_package Microsoft.TestPlatform.TranslationLayer "$LAYER_VERSION" & LAYER_QUESTION=$!; }
if [[ -n "${NUKE_QUESTION:-}" ]]; then
    if wait "$NUKE_QUESTION"; then UseNukeStandIn=false; else UseNukeStandIn=true; fi
fi
if [[ -n "${LAYER_QUESTION:-}" ]]; then
    if wait "$LAYER_QUESTION"; then UseSdkTranslationLayer=false; else UseSdkTranslationLayer=true; fi
fi
export UseNukeStandIn UseSdkTranslationLayer

[[ "$UseNukeStandIn" == true ]] && NUKE_IN_USE="the stand-in for Nuke.Common $NUKE_VERSION" || NUKE_IN_USE="Nuke.Common $NUKE_VERSION"
[[ "$UseSdkTranslationLayer" == true ]] && LAYER_IN_USE="the one of SDK $SDK_VERSION" || LAYER_IN_USE="package $LAYER_VERSION"
IN_USE="NUKE: $NUKE_IN_USE. VSTest translation layer: $LAYER_IN_USE. SDK: $SDK_VERSION."
echo "$IN_USE"

# A compiler that stays serves this build and that of the suites, but would keep a CI job from ending.
[[ -z "${CI:-}${TF_BUILD:-}${TEAMCITY_VERSION:-}${JENKINS_URL:-}" ]] || export UseSharedCompilation=false

if ! is_up_to_date; then
    wait_for 8 --exclusive "to end"
    echo "Building the build (a minute where packages have to be fetched) ..."
    rm -f "$STAMP"
    # What is only compiled to be run is not analyzed: the target Compile does that.
    if ! dotnet build build/_build.csproj --nologo --verbosity quiet -nodeReuse:false -p:RunAnalyzers=false 8>&- 9>&- >"$TEMP_FOLDER/_build.log" 2>&1; then
        cat "$TEMP_FOLDER/_build.log" >&2
        exit 2
    fi
    echo "$IN_USE" >"$STAMP"
fi

hand_lock_to_watcher
exec dotnet "$ASSEMBLY" "$@"
