package dev.sluice.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DefaultConfigFileTest {
    private static final Path FILE = Path.of("src/main/dist/etc/config.toml");

    @Test
    void theDistributedFileHasEveryKeyAtItsDefault() throws Exception {
        assertThat(Files.readString(FILE)).as("update it with this content").isEqualTo(DefaultConfigFile.content());
    }

    @Test
    void theDistributedFileIsTheDefaults() throws Exception {
        assertThat(ConfigLoader.load(Optional.of(FILE), Map.of())).isEqualTo(Config.defaults());
    }

    @Test
    void keysOfOneTableStandTogetherAndEachOneHasAName() {
        List<String> tables = new ArrayList<>();
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (tables.isEmpty() || !tables.get(tables.size() - 1).equals(key.table())) {
                tables.add(key.table());
            }
        }
        assertThat(tables).doesNotHaveDuplicates();
        assertThat(ConfigKeys.ALL).extracting(ConfigKey::name).doesNotHaveDuplicates();
    }
}
