<#
.SYNOPSIS
The verbs of HybridRouter from PowerShell: Windows PowerShell 5.1, or pwsh 7 on any system.

.DESCRIPTION
./run.ps1 [VERB] [ARGUMENTS]   builds what is needed and runs the verb; without one, serve
./run.ps1 test [ARGUMENTS]     all tests
./run.ps1 bench quota [...]    the verb of that name
./run.ps1 bench [ARGUMENTS]    the benchmarks of tests/HybridRouter.Benchmarks
./run.ps1 --help               all verbs; ./run.ps1 VERB --help tells about one

The exit code is that of the verb: 0 done, 1 failed, 2 wrong usage or configuration, 3 a check did not pass.

.EXAMPLE
./run.ps1 demo --once

.EXAMPLE
./run.ps1 route "Why does my mutex deadlock?"
#>

$ErrorActionPreference = 'Stop'
Set-StrictMode -Off

if (-not (Get-Command dotnet -ErrorAction SilentlyContinue)) {
    [Console]::Error.WriteLine('HybridRouter needs the .NET SDK 10: https://dotnet.microsoft.com/download')
    exit 1
}

# Options alone belong to serve, but for those that ask about the program.
$words = @($args)
if ($words.Count -eq 0 -or ("$($words[0])" -like '-*' -and $words[0] -notin '--help', '-h', '--version')) {
    $words = @('serve') + $words
}

# PowerShell before 7.3 loses inner quotes and empty arguments when it starts a program.
if ("$PSNativeCommandArgumentPassing" -in '', 'Legacy') {
    $words = @(foreach ($word in $words) {
        $text = "$word" -replace '(\\*)"', '$1$1\"'
        if ($text -match '\s') { $text = $text -replace '(\\+)$', '$1$1' }
        if ($text -eq '') { '""' } else { $text }
    })
}

switch ($words[0]) {
    'test' {
        $words = @($words[1..$words.Count])
        # The test runner is chosen by global.json, which dotnet looks for from the working folder upwards.
        Push-Location $PSScriptRoot
        try { & dotnet test --solution HybridRouter.sln -c Release @words }
        finally { Pop-Location }
    }
    { $_ -eq 'bench' -and "$($words[1])" -ne 'quota' } {
        $words = @($words[1..$words.Count])
        & dotnet run --project "$PSScriptRoot/tests/HybridRouter.Benchmarks" -c Release '--' @words
    }
    default { & dotnet run --project "$PSScriptRoot/src/HybridRouter" -c Release '--' @words }
}
exit $LASTEXITCODE
