package dev.sluice.cli;

import dev.sluice.daemon.InvalidConfigException;
import dev.sluice.daemon.Runners;
import java.io.IOException;
import java.io.PrintWriter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.ParameterException;

/** Runs one command line; every failure becomes one sentence and an exit status. */
final class CommandLineRunner {
    private static final Logger log = LoggerFactory.getLogger(CommandLineRunner.class);

    private CommandLineRunner() {}

    /** @return the exit status: 0 done, 1 failed, 2 the command line or the configuration is wrong */
    static int run(Runners runners, PrintWriter out, PrintWriter err, String... args) {
        return commandLine(runners, out)
                .setOut(out)
                .setErr(err)
                .setParameterExceptionHandler((e, arguments) -> usageError(e, err))
                .setExecutionExceptionHandler((e, command, result) -> failure(e, err))
                .execute(args);
    }

    /** All commands with their options. */
    static CommandLine commandLine(Runners runners, PrintWriter out) {
        return new CommandLine(new SluiceCommand(runners, out))
                .addSubcommand(new IndexCommand(runners.index(), out))
                .addSubcommand(new NodeCommand(runners.node()));
    }

    private static int usageError(ParameterException e, PrintWriter err) {
        String command = e.getCommandLine().getCommandSpec().qualifiedName();
        err.println("sluice: " + sentence(e) + " (see " + command + " --help)");
        return ExitCode.USAGE;
    }

    private static int failure(Exception e, PrintWriter err) {
        if (e instanceof InvalidConfigException) {
            err.println("sluice: " + sentence(e));
            return ExitCode.USAGE;
        }
        if (e instanceof InterruptedException) {
            Thread.currentThread().interrupt();
        } else if (!(e instanceof IOException)) {
            log.error("A defect of Sluice", e);
        }
        err.println("sluice: " + sentence(e));
        return ExitCode.SOFTWARE;
    }

    /** The message on one line; the kind of failure where there is none. */
    private static String sentence(Exception e) {
        String message = e.getMessage();
        return message == null || message.isBlank()
                ? e.getClass().getSimpleName()
                : message.strip().replaceAll("\\s*\\R\\s*", " ");
    }
}
