package dev.sluice.daemon;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.toml.TomlMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/** Reads files of configuration. */
final class TomlFile {
    private static final int MAX_BYTES = 1 << 20;

    private TomlFile() {}

    /** @throws InvalidConfigException if the file cannot be read or is not TOML */
    static JsonNode read(Path file) throws InvalidConfigException {
        try (var in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw new InvalidConfigException(file + " is greater than " + MAX_BYTES + " bytes");
            }
            return new TomlMapper().readTree(new String(bytes, StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            String line =
                    e.getLocation() == null ? "" : ", line " + e.getLocation().getLineNr();
            throw new InvalidConfigException(file + line + ": not TOML: " + e.getOriginalMessage(), e);
        } catch (NoSuchFileException e) {
            throw new InvalidConfigException(
                    "Tried to read the configuration " + file + " but there is no such file", e);
        } catch (IOException e) {
            throw new InvalidConfigException(
                    "Tried to read the configuration " + file + " but failed because: " + e.getMessage(), e);
        }
    }
}
