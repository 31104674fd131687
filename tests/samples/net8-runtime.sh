#!/usr/bin/env bash
# Makes a dotnet root in <target folder> that holds all of the installed one and a net8.0 runtime, taken from NuGet:
# where a download site is out of reach, the feed is still there. See README.md for how to use it.
set -euo pipefail

version="${NET8_VERSION:-8.0.31}"
target="${1:?usage: $0 <target folder>}"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"

installed="$(dirname "$(readlink -f "$(command -v dotnet)")")"
case "$(uname -s)-$(uname -m)" in
    Linux-x86_64) rid=linux-x64 ;;
    Linux-aarch64) rid=linux-arm64 ;;
    *) echo "No net8.0 runtime is known for $(uname -s) on $(uname -m): install it from https://dotnet.microsoft.com/download." >&2; exit 1 ;;
esac

runtime="$target/shared/Microsoft.NETCore.App/$version"
if [ -x "$target/dotnet" ] && [ -f "$runtime/libhostpolicy.so" ]; then
    echo "$target/dotnet has the runtime $version already"
    exit 0
fi

# Below this folder, so that the repository's own feeds are asked.
work="$here/obj/net8-runtime"
mkdir -p "$work" "$target"
cat > "$work/net8-runtime.csproj" <<EOF
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <NuGetAudit>false</NuGetAudit>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="Microsoft.NETCore.App.Runtime.$rid" Version="[$version]" />
  </ItemGroup>
</Project>
EOF
dotnet restore "$work/net8-runtime.csproj" -v q --nologo -p:ImportDirectoryBuildProps=false -p:ImportDirectoryPackagesProps=false
packages="$(dotnet nuget locals global-packages --list --force-english-output | sed 's/^global-packages: *//')"
package="${packages%/}/microsoft.netcore.app.runtime.$rid/$version/runtimes/$rid"

# dotnet looks for its parts where the file itself lies, so that a symbolic link would lead it back: hard links, or copies on another disk.
cp -al "$installed/." "$target/" 2>/dev/null || cp -a "$installed/." "$target/"
mkdir -p "$runtime.draft"
cp "$package/lib/net8.0/"* "$package/native/"* "$runtime.draft/"
mv "$runtime.draft" "$runtime"
"$target/dotnet" --list-runtimes
