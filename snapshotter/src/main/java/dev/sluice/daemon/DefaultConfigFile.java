package dev.sluice.daemon;

/** Writes the annotated configuration file with every key at its default. */
final class DefaultConfigFile {
    private DefaultConfigFile() {}

    /** The whole file, TOML. */
    static String content() {
        StringBuilder out =
                new StringBuilder("# Configuration of `sluice daemon`. Every key stands here with its default.\n");
        String table = "";
        for (ConfigKey<?> key : ConfigKeys.ALL) {
            if (!key.table().equals(table)) {
                table = key.table();
                out.append("\n[").append(table).append("]\n");
            } else if (!key.documentation().isEmpty()) {
                out.append('\n');
            }
            key.documentation().forEach(line -> out.append("# ").append(line).append('\n'));
            out.append(key.defaultLine()).append('\n');
        }
        return out.toString();
    }
}
