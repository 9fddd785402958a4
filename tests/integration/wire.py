"""A wire between a dialling node and the one that it dials, to look at and to harm.

    wire = Wire(world, b.node)            # dial wire.address instead of b.node.address
    wire.streams                          # each with .there and .back: the bytes that passed
    wire.cut()                            # both ends of every stream are closed
    wire.hold('there'), wire.release()    # what comes in that direction waits ('both' for both)
    wire.spoil = (direction, at)          # flips a bit of byte number at of the next stream
    wire.stop_at = (direction, at)        # cuts the next stream before that byte
    wire.harmed                           # the last stream that either was done to
"""
import select
import socket
import threading


class Stream:
    def __init__(self, dialler, called):
        self.ends = {'there': (dialler, called), 'back': (called, dialler)}
        self.there, self.back = bytearray(), bytearray()
        self.spoil = self.stop_at = None
        self.over = False

    def passed(self, direction):
        return self.there if direction == 'there' else self.back


class Wire:
    def __init__(self, world, node):
        self.target = ('127.0.0.1', node.port)
        self.server = socket.create_server(('127.0.0.1', 0))
        self.address = f'127.0.0.1:{self.server.getsockname()[1]}'
        self.streams, self.held = [], set()
        self.spoil = self.stop_at = self.harmed = None
        self.lock = threading.Lock()
        self.poke_out, self.poke_in = socket.socketpair()
        world.sockets += [self]
        self.ended = False
        self.thread = threading.Thread(target=self._run, daemon=True)
        self.thread.start()

    def hold(self, direction='both'):
        self.held = {'there', 'back'} if direction == 'both' else {direction}
        self._poke()

    def release(self):
        self.held = set()
        self._poke()

    def cut(self):
        with self.lock:
            for stream in self.streams:
                self._end(stream)

    def live(self):
        return [s for s in self.streams if not s.over]

    def close(self):
        """The world does it."""
        self.ended = True
        self._poke()
        self.thread.join(10)
        self.cut()
        for s in (self.server, self.poke_out, self.poke_in):
            s.close()

    def _poke(self):
        self.poke_out.send(b'.')

    @staticmethod
    def _end(stream):
        if not stream.over:
            stream.over = True
            for s in stream.ends['there']:
                s.close()

    def _accept(self):
        dialler, _ = self.server.accept()
        try:
            called = socket.create_connection(self.target, 10)
        except OSError:
            dialler.close()
            return
        stream = Stream(dialler, called)
        stream.spoil, stream.stop_at = self.spoil, self.stop_at
        self.streams.append(stream)
        if stream.spoil or stream.stop_at:
            self.harmed = stream
            self.spoil = self.stop_at = None

    def _carry(self, stream, direction):
        source, sink = stream.ends[direction]
        passed = stream.passed(direction)
        try:
            data = bytearray(source.recv(65536))
            if not data:
                self._end(stream)
                return
            for harm in (stream.spoil, stream.stop_at):
                if not harm or harm[0] != direction:
                    continue
                at = harm[1] - len(passed)
                if not 0 <= at < len(data):
                    continue
                if harm is stream.spoil:
                    data[at] ^= 1
                else:
                    del data[at:]
                    sink.sendall(data)
                    passed += data
                    self._end(stream)
                    return
            sink.sendall(data)
            passed += data
        except OSError:
            self._end(stream)

    def _run(self):
        while not self.ended:
            with self.lock:
                ways = {s.ends[d][0]: (s, d) for s in self.streams if not s.over
                        for d in ('there', 'back') if d not in self.held}
            try:
                ready, _, _ = select.select([self.server, self.poke_in, *ways], [], [], 5)
            except (OSError, ValueError):
                continue  # cut meanwhile
            with self.lock:
                for r in ready:
                    if r is self.poke_in:
                        r.recv(100)
                    elif r is self.server:
                        self._accept()
                    elif not ways[r][0].over:
                        self._carry(*ways[r])
