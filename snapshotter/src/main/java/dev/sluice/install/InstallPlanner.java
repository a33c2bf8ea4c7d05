package dev.sluice.install;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.sluice.install.toml.TomlDocument;
import dev.sluice.install.toml.TomlEditor;
import dev.sluice.install.toml.TomlException;
import dev.sluice.install.toml.TomlText;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds the file for each missing setting, and the place in it, so that the merged configuration says the same as before and that
 * setting, and nothing else. Changes nothing.
 */
final class InstallPlanner {
    /** What stands above a section of ours. */
    static final String COMMENT = "Added by `sluice install`; `sluice uninstall` takes it out again.";

    private static final String DROP_IN = "sluice.toml";
    private static final String VERSION = "version";
    private static final int VERSION_OF_1 = 2;
    /** All of 2.x read it. */
    private static final int VERSION_OF_2 = 3;

    private static final int MAX_SETTINGS = 50;

    private final Host host;
    private final Path file;
    private final Path socket;
    private final ContainerdVersion version;
    private final TomlEditor editor = new TomlEditor(COMMENT);

    InstallPlanner(Host host, Path file, Path socket, ContainerdVersion version) {
        this.host = host;
        this.file = file;
        this.socket = socket;
        this.version = version;
    }

    /** The files with what was planned so far, and the way to there. */
    private record State(ConfigFiles files, Map<Path, List<Step>> steps) {
        State with(Path path, TomlDocument document, List<Step> more) {
            Map<Path, List<Step>> all = new LinkedHashMap<>(steps);
            all.merge(path, List.copyOf(more), (one, other) -> {
                List<Step> joined = new ArrayList<>(one);
                joined.addAll(other);
                return joined;
            });
            return new State(files.with(path, document), all);
        }
    }

    /**
     * Plans what is missing.
     *
     * @param parts what to look after
     * @return empty if nothing is missing
     * @throws InvalidContainerdConfigException if the configuration cannot be read, or a setting has no place in it
     */
    List<FileChange> plan(Set<Requirement.Part> parts) throws InvalidContainerdConfigException {
        State state = new State(ConfigFiles.of(host), Map.of());
        for (int settings = 0; ; settings++) {
            Optional<Setting> next = next(state.files(), parts);
            if (next.isEmpty()) {
                return changes(state);
            }
            if (settings > MAX_SETTINGS) {
                throw new InvalidContainerdConfigException(file + ": one setting takes back what another one brought: "
                        + next.get().line());
            }
            state = write(state, next.get(), parts);
        }
    }

    /** The name under which containerd knows Sluice, with the files as they are, or as they would be after a plan. */
    String name() throws InvalidContainerdConfigException {
        return check(ConfigFiles.of(host)).name();
    }

    private ContainerdConfiguration read(ConfigFiles files) throws InvalidContainerdConfigException {
        return ContainerdConfiguration.read(file, version.major() == 1, files);
    }

    private ContainerdCheck check(ConfigFiles files) throws InvalidContainerdConfigException {
        return new ContainerdCheck(read(files), Optional.of(version), Optional.empty(), socket);
    }

    private Optional<Setting> next(ConfigFiles files, Set<Requirement.Part> parts)
            throws InvalidContainerdConfigException {
        for (Requirement requirement : check(files).requirements()) {
            if (parts.contains(requirement.part())
                    && requirement.remedy().orElse(new Requirement.Restart()) instanceof Requirement.Change change) {
                return Optional.of(change.setting());
            }
        }
        return Optional.empty();
    }

    private List<FileChange> changes(State state) throws InvalidContainerdConfigException {
        List<FileChange> changes = new ArrayList<>();
        ConfigFiles present = ConfigFiles.of(host);
        for (Map.Entry<Path, TomlDocument> changed : state.files().changed().entrySet()) {
            Path path = changed.getKey();
            changes.add(new FileChange(
                    path,
                    present.read(path).map(TomlDocument::text),
                    Optional.of(changed.getValue().text()),
                    state.steps().getOrDefault(path, List.of())));
        }
        return changes;
    }

    private State write(State state, Setting setting, Set<Requirement.Part> parts)
            throws InvalidContainerdConfigException {
        ContainerdConfiguration before = read(state.files());
        Set<String> reasons = new LinkedHashSet<>();
        for (Path place : places(state.files(), before, setting)) {
            try {
                State written = write(state, place, setting);
                if (read(written.files()).root().equals(expected(before, setting, written.files()))
                        && !next(written.files(), parts).equals(Optional.of(setting))) {
                    return written;
                }
                reasons.add(place + ": another file, or another line, goes over it");
            } catch (TomlException e) {
                reasons.add(ConfigFiles.wrong(place, e).getMessage());
            }
        }
        throw new InvalidContainerdConfigException("Tried to find a place for `" + setting.line() + "` in ["
                + TomlText.key(setting.table()) + "] of containerd's configuration but failed because: "
                + reasons.stream().collect(Collectors.joining("; ")) + ". Nothing was changed");
    }

    /** The merged configuration with the setting, and nothing else. */
    private JsonNode expected(ContainerdConfiguration before, Setting setting, ConfigFiles after)
            throws InvalidContainerdConfigException {
        ObjectNode expected = before.root().deepCopy();
        setting.applyTo(expected);
        if (before.parts().isEmpty()) {
            expected.set(VERSION, read(after).root().path(VERSION));
        }
        return expected;
    }

    /** Where it could be written, the best first. */
    private Set<Path> places(ConfigFiles files, ContainerdConfiguration configuration, Setting setting)
            throws InvalidContainerdConfigException {
        Set<Path> places = new LinkedHashSet<>();
        dropIn(files).ifPresent(places::add);
        // What goes over others comes last.
        for (int depth = setting.table().size(); depth > 1; depth--) {
            for (int i = configuration.parts().size() - 1; i >= 0; i--) {
                ContainerdConfiguration.Part part = configuration.parts().get(i);
                if (!part.document().at(setting.table().subList(0, depth)).isMissingNode()) {
                    places.add(part.file());
                }
            }
        }
        places.add(file);
        return places;
    }

    /** A file of ours in a directory of which containerd imports everything. */
    private Optional<Path> dropIn(ConfigFiles files) throws InvalidContainerdConfigException {
        Optional<Path> found = Optional.empty();
        Optional<TomlDocument> main = files.read(file);
        if (main.isEmpty()) {
            return found;
        }
        for (JsonNode pattern : main.get().root().path("imports")) {
            if (!pattern.asText().startsWith("/") && !version.importsRelativeStars()) {
                continue;
            }
            ConfigImports imports = ConfigImports.of(file, pattern.asText());
            Optional<Path> candidate = imports.directory().map(directory -> directory.resolve(DROP_IN));
            if (candidate.isPresent() && imports.matches(candidate.get())) {
                found = candidate;
            }
        }
        return found;
    }

    private State write(State state, Path place, Setting setting)
            throws InvalidContainerdConfigException, TomlException {
        TomlDocument document = state.files().read(place).isPresent()
                ? state.files().read(place).get()
                : TomlDocument.parse(newFile(state.files()));
        List<Step> steps = new ArrayList<>();
        if (setting instanceof Setting.Put put) {
            for (Map.Entry<String, JsonNode> entry : put.entries().properties()) {
                document = put(document, put.table(), entry.getKey(), entry.getValue(), steps);
            }
        } else if (setting instanceof Setting.Append append) {
            document = append(document, append, steps);
        }
        return state.with(place, document, steps);
    }

    private TomlDocument put(TomlDocument document, List<String> table, String key, JsonNode value, List<Step> steps)
            throws TomlException {
        TomlEditor.Result result = editor.put(document, table, key, value);
        List<String> path = new ArrayList<>(table);
        path.add(key);
        steps.add(new Step(
                Step.Kind.PUT, path, value, result.edit().text(), result.edit().former()));
        return result.document();
    }

    private TomlDocument append(TomlDocument document, Setting.Append append, List<Step> steps) throws TomlException {
        if (document.at(append.path()).isMissingNode()) {
            ArrayNode array = JsonNodeFactory.instance.arrayNode().addAll(append.more());
            return put(document, append.table(), append.key(), array, steps);
        }
        TomlDocument current = document;
        for (JsonNode element : append.more()) {
            TomlEditor.Result result = editor.add(current, append.path(), element);
            steps.add(new Step(
                    Step.Kind.APPEND, append.path(), element, result.edit().text(), ""));
            current = result.document();
        }
        return current;
    }

    /** A drop-in has the version of the file that imports it. */
    private String newFile(ConfigFiles files) throws InvalidContainerdConfigException {
        Optional<TomlDocument> main = files.read(file);
        if (main.isEmpty()) {
            return VERSION + " = " + (version.major() == 1 ? VERSION_OF_1 : VERSION_OF_2) + "\n";
        }
        JsonNode number = main.get().root().path(VERSION);
        return number.isMissingNode() ? "" : VERSION + " = " + number + "\n";
    }
}
