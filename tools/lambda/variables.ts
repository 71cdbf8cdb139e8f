/**
 * The environment variables a function finds in Lambda, and nothing of this machine's: a function must not work here
 * because of something that will not be there.
 */
import type { ContainerNetwork, LambdaOptions } from "./invocation.js";

export function lambdaVariables(options: LambdaOptions, runtimeApi: string): Record<string, string> {
  if (options.container !== undefined) return containerVariables(options, runtimeApi, options.container);
  const [major] = process.versions.node.split(".");
  const name = options.functionName ?? "local";
  return {
    PATH: "/usr/local/bin:/usr/bin:/bin",
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    // The AWS SDK looks for profiles here; there are none in Lambda.
    HOME: options.taskRoot,
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_ACCESS_KEY_ID: "000000000000",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${major}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(options.memoryMb ?? 512),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: "local",
    AWS_LAMBDA_LOG_FORMAT: "JSON",
    AWS_LAMBDA_LOG_LEVEL: "INFO",
    AWS_LAMBDA_INITIALIZATION_TYPE: options.concurrency === undefined ? "on-demand" : "lambda-managed-instances",
    // Lambda's own runtimes have a newer Node.js, where the AWS SDK has nothing to say.
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    LAMBDA_TASK_ROOT: options.taskRoot,
    _HANDLER: options.handler,
    ...(options.movableClock === true ? { LOCAL_MOVABLE_CLOCK: "1" } : {}),
    ...(options.concurrency === undefined
      ? {}
      : {
          AWS_LAMBDA_MAX_CONCURRENCY: String(options.concurrency.max),
          AWS_LAMBDA_NODEJS_WORKER_COUNT: String(options.concurrency.workers),
        }),
    ...options.env,
  };
}

/** Those of Lambda's image and of the emulator in it; whoever creates the container has to give all others. */
function containerVariables(
  options: LambdaOptions,
  runtimeApi: string,
  network: ContainerNetwork,
): Record<string, string> {
  const [major] = process.versions.node.split(".");
  return {
    PATH: "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    LANG: "en_US.UTF-8",
    TZ: ":/etc/localtime",
    LAMBDA_RUNTIME_DIR: "/var/runtime",
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${major}.x`,
    AWS_SESSION_TOKEN: "",
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true",
    ...options.env,
    // /root in the image, but here that is this machine's, and may hold profiles for the AWS SDK.
    HOME: options.taskRoot,
    LAMBDA_TASK_ROOT: options.taskRoot,
    AWS_LAMBDA_RUNTIME_API: runtimeApi,
    _HANDLER: options.handler,
    LOCAL_NETWORK: JSON.stringify(network),
  };
}
