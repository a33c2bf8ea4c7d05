package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The README has every key of the configuration, as the code has it. */
class ReadmeTest {
    private static final Path README = Path.of("../README.md");

    @Test
    void everyKeyStandsThereWithItsDefaultAndWhatItMeans() throws IOException {
        String table = ConfigKeys.ALL.stream().map(ReadmeTest::row).collect(Collectors.joining());

        assertThat(Files.readString(README)).as("its table of keys").contains("|---|---|---|\n" + table + "\n");
    }

    private static String row(ConfigKey<?> key) {
        String value = key.defaultLine().replaceFirst("^[^=]* = ", "");
        return "| `" + key.name() + "` | `" + value + "` | "
                + String.join(" ", key.documentation()).replace("|", "\\|") + " |\n";
    }
}
