//! What requests name as their user agent.

use crate::dice::Dice;

/// The agents of programs. Some SDKs name the client that sent the request, another one for each
/// service: that is what `{api}` is replaced by.
pub(super) const AGENTS: [&str; 8] = [
    "Boto3/1.43.6 md/Botocore#1.43.6 ua/2.1 os/linux#6.8.0 md/arch#x86_64 lang/python#3.13.5 md/pyimpl#CPython m/D,b,Z cfg/retry-mode#standard Botocore/1.43.6",
    "Boto3/1.40.4 md/Botocore#1.40.4 ua/2.1 os/linux#5.10.245 md/arch#aarch64 lang/python#3.13.2 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 cfg/retry-mode#legacy Botocore/1.40.4",
    "aws-sdk-java/2.33.4 md/io#async md/http#NettyNio ua/2.1 os/Linux#6.1.141 lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8+9-LTS md/vendor#Amazon.com_Inc. md/en m/E,N",
    "aws-sdk-go-v2/1.38.1 ua/2.1 os/linux lang/go#1.24.6 md/GOARCH#arm64 md/GOOS#linux api/{api}#1.49.2 m/E,g",
    "aws-sdk-js/3.883.0 ua/2.1 os/linux#5.10.240-263.959.amzn2.x86_64 lang/js md/nodejs#22.18.0 api/{api}#3.883.0 exec-env/AWS_Lambda_nodejs22.x m/E",
    "APN/1.0 HashiCorp/1.0 Terraform/1.12.2 (+https://www.terraform.io) terraform-provider-aws/6.11.0 (+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.38.3 ua/2.1 os/linux lang/go#1.24.6",
    "[aws-cli/2.28.21 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-1035-aws md/arch#x86_64 lang/python#3.13.7 md/pyimpl#CPython m/G,n,E,b cfg/retry-mode#standard md/installer#exe]",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36",
];

/// The kernels that programs run on.
const KERNELS: [&str; 4] = [
    "6.8.0-1035-aws",
    "6.1.141-155.222.amzn2023.x86_64",
    "5.10.240-263.959.amzn2.x86_64",
    "6.12.40-63.114.amzn2023.aarch64",
];

/// An SDK, of one release on one system. There are about two hundred, and the newer releases are the
/// more frequent ones.
pub(super) fn sdk(dice: &mut Dice) -> String {
    let release = dice.below(12).min(dice.below(12));
    let kernel = *dice.pick(&KERNELS);
    match dice.below(4) {
        0 => {
            let minor = 43 - release;
            format!(
                "Boto3/1.{minor}.6 md/Botocore#1.{minor}.6 ua/2.1 os/linux#{kernel} md/arch#x86_64 lang/python#3.13.5 md/pyimpl#CPython m/D,b,Z cfg/retry-mode#standard Botocore/1.{minor}.6"
            )
        }
        1 => {
            let minor = 33 - release;
            format!(
                "aws-sdk-java/2.{minor}.4 md/io#async md/http#NettyNio ua/2.1 os/Linux#{kernel} lang/java#21.0.8 md/OpenJDK_64-Bit_Server_VM#21.0.8+9-LTS md/vendor#Amazon.com_Inc. md/en m/E,N"
            )
        }
        2 => {
            let minor = 38 - release;
            format!(
                "aws-sdk-go-v2/1.{minor}.1 ua/2.1 os/linux#{kernel} lang/go#1.24.6 md/GOARCH#arm64 md/GOOS#linux api/{{api}}#1.49.2 m/E,g"
            )
        }
        _ => {
            let minor = 883 - release;
            format!(
                "aws-sdk-js/3.{minor}.0 ua/2.1 os/linux#{kernel} lang/js md/nodejs#22.18.0 api/{{api}}#3.{minor}.0 m/E"
            )
        }
    }
}

/// A coding agent at a prompt: forty releases on 25 systems.
pub(super) fn command_line(dice: &mut Dice) -> String {
    let release = dice.below(40);
    let (minor, patch) = (release / 20, release % 20 + 60);
    let system = dice.below(25);
    let (kind, major, update) = match system % 3 {
        0 => ("darwin", 24, system / 3),
        1 => ("linux", 6, system / 3),
        _ => ("win32", 10, 26_100 + system / 3),
    };
    format!("claude-cli/2.{minor}.{patch} (external, cli, {kind} {major}.{update})")
}
