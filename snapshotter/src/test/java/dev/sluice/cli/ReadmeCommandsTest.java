package dev.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.daemon.Commands;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The README has every command with every option, as the code has it. */
class ReadmeCommandsTest {
    @Test
    void everyCommandStandsThereWithItsOptions() throws IOException {
        CommandLine root = CommandLineRunner.commandLine(Commands.runners(), new PrintWriter(Writer.nullWriter()));
        String table = leaves(root).map(ReadmeCommandsTest::row).sorted().collect(Collectors.joining());

        assertThat(Files.readString(Path.of("../README.md")))
                .as("its table of commands and options")
                .contains("|---|---|\n" + table + "\n");
    }

    private static Stream<CommandSpec> leaves(CommandLine command) {
        return command.getSubcommands().isEmpty()
                ? Stream.of(command.getCommandSpec())
                : command.getSubcommands().values().stream().flatMap(ReadmeCommandsTest::leaves);
    }

    private static String row(CommandSpec command) {
        String parameters = command.positionalParameters().stream()
                .map(parameter -> " " + parameter.paramLabel().replaceAll("[<>]", ""))
                .collect(Collectors.joining());
        List<String> options = command.options().stream()
                .filter(option -> !option.hidden() && !option.usageHelp() && !option.versionHelp())
                .map(ReadmeCommandsTest::name)
                .sorted()
                .toList();
        return "| `" + command.qualifiedName() + parameters + "` |"
                + options.stream().map(option -> " `" + option + "`").collect(Collectors.joining()) + " |\n";
    }

    private static String name(OptionSpec option) {
        return Arrays.stream(option.names())
                .filter(name -> name.startsWith("--"))
                .findFirst()
                .orElseThrow();
    }
}
