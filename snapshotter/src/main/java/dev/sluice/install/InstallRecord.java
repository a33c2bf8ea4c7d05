package dev.sluice.install;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What installing has changed, kept until it is taken back: the files as they were before, as they were left, and each step between.
 *
 * @param name under which containerd got to know Sluice
 * @param directories that were made
 */
record InstallRecord(Path file, String name, List<FileChange> changes, List<Path> directories) {
    private static final int VERSION = 1;
    private static final Set<PosixFilePermission> OWN = PosixFilePermissions.fromString("rw-------");
    private static final Set<PosixFilePermission> OWN_DIRECTORY = PosixFilePermissions.fromString("rwx------");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    InstallRecord {
        requireNonNull(file, "file is null");
        requireNonNull(name, "name is null");
        changes = List.copyOf(changes);
        directories = List.copyOf(directories);
    }

    /**
     * The same as if others had made their changes before ours.
     *
     * @param host where the files are
     */
    InstallRecord onTopOfOthers(Host host) throws IOException {
        List<FileChange> rebased = new ArrayList<>();
        for (FileChange change : changes) {
            Optional<String> present = FileSwap.read(host.find(change.path()));
            Optional<String> before = Uninstaller.former(change, present, new ArrayList<>());
            rebased.add(new FileChange(change.path(), before, present, present.isEmpty() ? List.of() : change.steps()));
        }
        return new InstallRecord(file, name, rebased, directories);
    }

    /** Adds later changes; what a file was before the first of them counts. */
    InstallRecord with(List<FileChange> later, List<Path> moreDirectories) {
        List<FileChange> all = new ArrayList<>(changes);
        for (FileChange change : later) {
            Optional<FileChange> earlier = all.stream()
                    .filter(known -> known.path().equals(change.path()))
                    .findFirst();
            if (earlier.isEmpty()) {
                all.add(change);
                continue;
            }
            List<Step> steps = new ArrayList<>(earlier.get().steps());
            steps.addAll(change.steps());
            all.set(
                    all.indexOf(earlier.get()),
                    new FileChange(change.path(), earlier.get().before(), change.after(), steps));
        }
        List<Path> directoriesOfAll = new ArrayList<>(directories);
        directoriesOfAll.addAll(moreDirectories);
        return new InstallRecord(file, name, all, directoriesOfAll);
    }

    /**
     * Reads what is remembered about a configuration.
     *
     * @param state Sluice's directory, as it is found here
     * @return empty if nothing is
     */
    static Optional<InstallRecord> read(Path state, Path file) throws IOException {
        Path record = path(state, file);
        if (!Files.exists(record)) {
            return Optional.empty();
        }
        try {
            JsonNode root = MAPPER.readTree(Files.readString(record));
            if (root.path("version").asInt() != VERSION) {
                throw new IOException(record + " is of another version of Sluice");
            }
            return Optional.of(read(root));
        } catch (JsonProcessingException | IllegalArgumentException e) {
            throw new IOException(record + " cannot be understood: " + e.getMessage(), e);
        }
    }

    private static InstallRecord read(JsonNode root) {
        List<FileChange> changes = new ArrayList<>();
        for (JsonNode node : root.path("files")) {
            List<Step> steps = new ArrayList<>();
            for (JsonNode step : node.path("steps")) {
                List<String> path = new ArrayList<>();
                step.path("path").forEach(part -> path.add(part.asText()));
                steps.add(new Step(
                        Step.Kind.valueOf(step.path("kind").asText()),
                        path,
                        step.path("value"),
                        step.path("text").asText(),
                        step.path("former").asText()));
            }
            changes.add(new FileChange(
                    Path.of(node.path("path").asText()), text(node, "before"), text(node, "after"), steps));
        }
        List<Path> directories = new ArrayList<>();
        root.path("directories").forEach(directory -> directories.add(Path.of(directory.asText())));
        return new InstallRecord(
                Path.of(root.path("file").asText()), root.path("name").asText(), changes, directories);
    }

    private static Optional<String> text(JsonNode node, String key) {
        return node.has(key) ? Optional.of(node.path(key).asText()) : Optional.empty();
    }

    void write(Path state) throws IOException {
        Path record = path(state, file);
        Path directory = requireNonNull(record.getParent(), "it has a directory");
        if (!Files.isDirectory(directory)) {
            Files.createDirectories(directory, PosixFilePermissions.asFileAttribute(OWN_DIRECTORY));
        }
        ObjectNode root = MAPPER.createObjectNode();
        root.put("version", VERSION).put("file", file.toString()).put("name", name);
        ArrayNode files = root.putArray("files");
        for (FileChange change : changes) {
            ObjectNode node = files.addObject().put("path", change.path().toString());
            change.before().ifPresent(text -> node.put("before", text));
            change.after().ifPresent(text -> node.put("after", text));
            ArrayNode steps = node.putArray("steps");
            for (Step step : change.steps()) {
                ObjectNode one = steps.addObject().put("kind", step.kind().name());
                ArrayNode path = one.putArray("path");
                step.path().forEach(path::add);
                one.set("value", step.value());
                one.put("text", step.text()).put("former", step.former());
            }
        }
        ArrayNode made = root.putArray("directories");
        directories.forEach(path -> made.add(path.toString()));
        AtomicFile.write(record, root.toPrettyString() + "\n", OWN);
    }

    /** Forgets it all; the directory goes, too, if it is empty then. */
    static void delete(Path state, Path file) throws IOException {
        Path record = path(state, file);
        AtomicFile.delete(record);
        Path directory = requireNonNull(record.getParent(), "it has a directory");
        try (var rest = Files.list(directory)) {
            if (rest.findAny().isPresent()) {
                return;
            }
        }
        Files.delete(directory);
    }

    /** @param file containerd's, one of several that there may be */
    static Path path(Path state, Path file) {
        return state.resolve("install")
                .resolve(file.toString().substring(1).replace("-", "--").replace('/', '-') + ".json");
    }
}
