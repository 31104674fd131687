#!/usr/bin/env pwsh
# Builds this repository's NUKE build where its sources have changed, and runs it: ./build.ps1 --help
# build.sh does the same, step by step.
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$Root = $PSScriptRoot
$TempFolder = Join-Path $Root '.nuke/temp'
$Stamp = Join-Path $TempFolder 'build.stamp'
$Assembly = Join-Path $Root 'build/bin/Debug/_build.dll'
$HomeFolder = if ($env:USERPROFILE) { $env:USERPROFILE } else { $env:HOME }
$PackageRoot = if ($env:NUGET_PACKAGES) { $env:NUGET_PACKAGES } else { Join-Path $HomeFolder '.nuget/packages' }

# Only one at a time makes the build ready (build.lock). Ready builds run beside each other (run.lock, shared): who has to build them anew waits until none runs.
# The handles are not inherited by what the build starts, and this script lives as long as the build.
function Lock-Checkout([string] $name, [bool] $isShared, [string] $what) {
    $file = Join-Path $TempFolder $name
    $hasSaidSo = $false
    $started = Get-Date
    while ($true) {
        try {
            if ($isShared) { return [System.IO.File]::Open($file, 'OpenOrCreate', 'Read', 'Read') }
            return [System.IO.File]::Open($file, 'OpenOrCreate', 'ReadWrite', 'None')
        }
        catch [System.IO.IOException] {
            if (-not $hasSaidSo -and ((Get-Date) - $started).TotalSeconds -ge 1) {
                [Console]::Error.WriteLine("build.ps1: waiting for another build in this checkout $what")
                $hasSaidSo = $true
            }
            Start-Sleep -Milliseconds 200
        }
    }
}

function Get-DeclaredVersion([string] $name) {
    $match = [regex]::Match([System.IO.File]::ReadAllText((Join-Path $Root 'Directory.Build.props')), "<$name>(.*)</$name>")
    return $match.Groups[1].Value
}

# Changes when the configuration of the package feeds does.
function Get-FeedKey {
    $files = @()
    $folder = $Root
    while ($folder) {
        $files += Join-Path $folder 'nuget.config'
        $files += Join-Path $folder 'NuGet.config'
        $files += Join-Path $folder 'NuGet.Config'
        $folder = Split-Path $folder -Parent
    }
    if ($env:APPDATA) { $files += Join-Path $env:APPDATA 'NuGet/NuGet.Config' }
    $files += Join-Path $HomeFolder '.nuget/NuGet/NuGet.Config'
    $files += Join-Path $HomeFolder '.config/NuGet/NuGet.Config'
    $more = Join-Path $HomeFolder '.nuget/config'
    if (Test-Path $more) { $files += Get-ChildItem -Path $more -Filter '*.config' | ForEach-Object { $_.FullName } }

    $text = ''
    foreach ($file in $files) {
        if (Test-Path -LiteralPath $file -PathType Leaf) { $text += [System.IO.File]::ReadAllText($file) }
    }
    $sha = [System.Security.Cryptography.SHA256]::Create()
    $hash = $sha.ComputeHash([System.Text.Encoding]::UTF8.GetBytes($text))
    return [BitConverter]::ToString($hash, 0, 8).Replace('-', '')
}

# Whether a package is here or comes from the feed. That the feed lacks it is remembered for a day.
function Test-Package([string] $id, [string] $version) {
    $lower = $id.ToLowerInvariant()
    if (Test-Path -LiteralPath (Join-Path $PackageRoot "$lower/$version/$lower.nuspec")) { return $true }
    $folder = Join-Path $TempFolder "feed/$lower"
    $absent = Join-Path $folder "absent-$version-$(Get-FeedKey)"
    if ((Test-Path -LiteralPath $absent) -and ((Get-Item -LiteralPath $absent).LastWriteTimeUtc -gt [DateTime]::UtcNow.AddDays(-1))) { return $false }

    New-Item -ItemType Directory -Path $folder -Force | Out-Null
    foreach ($name in 'Directory.Build.props', 'Directory.Build.targets', 'Directory.Packages.props') {
        [System.IO.File]::WriteAllText((Join-Path $folder $name), '<Project />')
    }
    $question = Join-Path $folder 'question.csproj'
    [System.IO.File]::WriteAllText($question, @"
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageReference Include="$id" Version="[$version]" /></ItemGroup>
</Project>
"@)
    $answer = & dotnet restore $question --nologo --verbosity quiet | Out-String
    if ($LASTEXITCODE -eq 0) { return $true }
    if ($answer -match 'NU1101|NU1102|NU1103') {
        [System.IO.File]::WriteAllText($absent, '')
    }
    else {
        [Console]::Error.WriteLine("build.ps1: the feed could not be asked for ${id}: $($answer.Trim())")
    }
    return $false
}

# Where no SDK fits global.json, the one that it names is installed for this checkout alone, as NUKE's own scripts do. DOTNET_INSTALL_URL is another source of the installer.
function Install-Sdk {
    $onWindows = [System.IO.Path]::DirectorySeparatorChar -eq '\'
    $folder = Join-Path $TempFolder $(if ($onWindows) { 'dotnet-win' } else { 'dotnet-unix' })
    $installer = Join-Path $TempFolder 'dotnet-install.ps1'
    $url = if ($env:DOTNET_INSTALL_URL) { $env:DOTNET_INSTALL_URL } else { 'https://dot.net/v1/dotnet-install.ps1' }
    $env:PATH = "$folder$([System.IO.Path]::PathSeparator)$env:PATH"
    $env:DOTNET_ROOT = $folder
    $version = Get-SdkVersion
    if ($version) { return $version }
    [Console]::Error.WriteLine("build.ps1: no .NET SDK here fits global.json; installing it into $folder with $url")
    [System.Net.ServicePointManager]::SecurityProtocol = [System.Net.SecurityProtocolType]::Tls12
    (New-Object System.Net.WebClient).DownloadFile($url, $installer)
    & $installer -InstallDir $folder -JSonFile (Join-Path $Root 'global.json') -NoPath | Out-Host
    return Get-SdkVersion
}

function Get-SdkVersion {
    if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) { return $null }
    $version = "$(& dotnet --version)".Trim()
    if ($LASTEXITCODE -ne 0) { return $null }
    return $version
}

function Test-UpToDate([string] $inUse) {
    if (-not (Test-Path -LiteralPath $Assembly) -or -not (Test-Path -LiteralPath $Stamp)) { return $false }
    if ([System.IO.File]::ReadAllText($Stamp).Trim() -ne $inUse) { return $false }
    $built = (Get-Item -LiteralPath $Stamp).LastWriteTimeUtc
    $items = @(Get-ChildItem -Path 'build', 'src' -Recurse -Force | Where-Object { $_.FullName -notmatch '[\\/](bin|obj)([\\/]|$)' })
    $items += Get-Item -Path 'build', 'src', 'Directory.*.props', 'global.json', '.editorconfig', 'CodeMetricsConfig.txt' -Force
    return @($items | Where-Object { $_.LastWriteTimeUtc -gt $built }).Count -eq 0
}

# What is set for the build alone is taken back at the end, because the caller's session goes on.
$Variables = 'NUKE_CALLER_DIRECTORY', 'NUKE_TELEMETRY_OPTOUT', 'DOTNET_CLI_TELEMETRY_OPTOUT', 'DOTNET_NOLOGO', 'DOTNET_TieredPGO', 'DOTNET_EnableWriteXorExecute', 'DOTNET_ROOT', 'PATH', 'UseNukeStandIn', 'UseSdkTranslationLayer'
$Before = @{}
foreach ($name in $Variables) { $Before[$name] = [Environment]::GetEnvironmentVariable($name) }
$Lock = $null
$RunLock = $null
$ExitCode = 2

# Relative paths in arguments are relative to where the caller is.
$env:NUKE_CALLER_DIRECTORY = (Get-Location -PSProvider FileSystem).ProviderPath
Push-Location -LiteralPath $Root
try {
    $env:NUKE_TELEMETRY_OPTOUT = '1'
    $env:DOTNET_CLI_TELEMETRY_OPTOUT = '1'
    $env:DOTNET_NOLOGO = '1'

    # Compilers, the build and test hosts live for seconds: what the runtime spends on profiling and guarding their code is not paid back.
    foreach ($variable in 'DOTNET_TieredPGO', 'DOTNET_EnableWriteXorExecute') {
        if (-not [Environment]::GetEnvironmentVariable($variable)) { [Environment]::SetEnvironmentVariable($variable, '0') }
    }

    New-Item -ItemType Directory -Path $TempFolder -Force | Out-Null
    $Lock = Lock-Checkout 'build.lock' $false 'to be built'
    $SdkVersion = Get-SdkVersion
    if (-not $SdkVersion) { $SdkVersion = Install-Sdk }
    if (-not $SdkVersion) {
        [Console]::Error.WriteLine('build.ps1: the .NET SDK could not be installed: install the one of global.json, https://dotnet.microsoft.com/download, or set DOTNET_INSTALL_URL')
        exit 2
    }

    $NukeVersion = Get-DeclaredVersion 'NukeVersion'
    if (-not $env:UseNukeStandIn) {
        $env:UseNukeStandIn = if (Test-Package 'Nuke.Common' $NukeVersion) { 'false' } else { 'true' }
    }
    $LayerVersion = Get-DeclaredVersion 'TranslationLayerVersion'
    if (-not $env:UseSdkTranslationLayer) {
        $env:UseSdkTranslationLayer = if (Test-Package 'Microsoft.TestPlatform.TranslationLayer' $LayerVersion) { 'false' } else { 'true' }
    }

    $NukeInUse = if ($env:UseNukeStandIn -eq 'true') { "the stand-in for Nuke.Common $NukeVersion" } else { "Nuke.Common $NukeVersion" }
    $LayerInUse = if ($env:UseSdkTranslationLayer -eq 'true') { "the one of SDK $SdkVersion" } else { "package $LayerVersion" }
    $InUse = "NUKE: $NukeInUse. VSTest translation layer: $LayerInUse. SDK: $SdkVersion."
    Write-Host $InUse

    $ExitCode = 0
    if (-not (Test-UpToDate $InUse)) {
        $RunLock = Lock-Checkout 'run.lock' $false 'to end'
        Write-Host 'Building the build (a minute where packages have to be fetched) ...'
        Remove-Item -LiteralPath $Stamp -Force -ErrorAction SilentlyContinue
        $output = & dotnet build build/_build.csproj --nologo --verbosity quiet '-nodeReuse:false' '-p:UseSharedCompilation=false' '-p:RunAnalyzers=false' | Out-String
        if ($LASTEXITCODE -eq 0) {
            [System.IO.File]::WriteAllText($Stamp, "$InUse`n")
        }
        else {
            [Console]::Error.WriteLine($output)
            $ExitCode = 2
        }
    }

    if ($ExitCode -eq 0) {
        if ($RunLock) { $RunLock.Dispose() }
        $RunLock = Lock-Checkout 'run.lock' $true 'to be built'
        $Lock.Dispose()
        $Lock = $null
        & dotnet $Assembly @args
        $ExitCode = $LASTEXITCODE
    }
}
finally {
    if ($Lock) { $Lock.Dispose() }
    if ($RunLock) { $RunLock.Dispose() }
    Pop-Location
    foreach ($name in $Variables) { [Environment]::SetEnvironmentVariable($name, $Before[$name]) }
}
exit $ExitCode
