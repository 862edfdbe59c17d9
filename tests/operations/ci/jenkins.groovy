// Reads a Jenkinsfile as Jenkins does, once for each situation, and prints as JSON what would run.
// Only what a declarative pipeline may say is known here; a mistyped word is an error.
import groovy.json.JsonOutput
import groovy.json.JsonSlurper
import org.codehaus.groovy.control.CompilerConfiguration

abstract class Pipeline extends Script {
  List stages = []
  Map current = [:]
  String section = 'steps'

  void pipeline(Closure body) { body() }
  void stages(Closure body) { body() }
  void parallel(Closure body) { body() }
  void stage(String name, Closure body) {
    Map outer = current
    current = [name: name, runs: true, environment: [:], steps: [], failure: [], always: [], options: [], limits: []]
    // A stage within another waits for the other's condition and answer, and for what that one holds meanwhile.
    current.outer = outer.name
    current.held = (outer.held ?: []) + (outer.options ?: [])
    current.runs = outer.runs == null || outer.runs
    if (outer.approval) { current.approval = outer.approval }
    body()
    assert current.early || !current.asks || !current.options.any { it.startsWith('lock') }: "${name} locks, then asks whether it runs"
    if (current.steps) { stages << current }
    current = outer
  }

  void agent(String kind) { assert kind in ['none', 'any'] }
  void agent(Closure body) { body() }
  void docker(Closure body) { current.agent = 'docker'; body() }
  void label(String name) { current.agent = name }
  void image(String name) { assert name }
  void args(String text) { assert text }

  void options(Closure body) { body() }
  void buildDiscarder(Object rotator) { assert rotator }
  String logRotator(Map settings) { settings.toString() }
  void timeout(Map settings, Closure body) { current.limits << "${settings.time} ${settings.unit}".toString(); body() }
  void timeout(Map settings) { current.options << "timeout ${settings.time} ${settings.unit}".toString() }
  void lock(String name) { current.options << "lock ${name}".toString() }

  void parameters(Closure body) { body() }
  void choice(Map settings) { assert params.ACTION in settings.choices }
  void triggers(Closure body) { body() }
  void cron(String when) { stages << [name: 'cron', runs: false, cron: when, steps: []] }

  void when(Closure body) { body() }
  void beforeAgent(boolean early) { assert early }
  void beforeInput(boolean early) { assert early }
  void beforeOptions(boolean early) { current.early = early }
  void expression(Closure body) { current.asks = true; current.runs = current.runs && body() as boolean }
  void input(Closure body) { body() }
  void message(String text) { current.approval = text }

  void environment(Closure body) {
    body.delegate = new Variables(values: current.environment)
    body.resolveStrategy = Closure.DELEGATE_FIRST
    body()
  }
  String credentials(String name) { "secret ${name}" }

  void steps(Closure body) { section = 'steps'; body() }
  void post(Closure body) { body() }
  void failure(Closure body) { section = 'failure'; body() }
  void always(Closure body) { section = 'always'; body() }
  void milestone(int ordinal) { current[section] << [milestone: ordinal] }
  void sh(String script) { current[section] << [sh: script] }
  boolean fileExists(String path) { !(path in missing) }
  Map string(Map secret) { secret }
  void withCredentials(List<Map> secrets, Closure body) {
    secrets.each { secret -> assert secret.credentialsId == secret.variable }
    current[section] << [secrets: secrets*.variable]
    body()
  }
  void stash(Map what) { current[section] << [stash: what.name] }
  void unstash(String name) { current[section] << [unstash: name] }
  void archiveArtifacts(Map what) { current[section] << [archive: what.artifacts] }
}

class Variables {
  Map values
  void setProperty(String name, Object value) { values[name] = value.toString() }
}

// All values are text, as in Jenkins.
class Environment {
  private Map values
  Environment(Map values) { this.values = values }
  void setProperty(String name, Object value) { values[name] = value.toString() }
  Object getProperty(String name) { values[name] }
}

class Build {
  List causes
  List changeSets
  List getBuildCauses(String kind) { causes.findAll { cause -> cause == kind } }
}

CompilerConfiguration configuration = new CompilerConfiguration(scriptBaseClass: Pipeline.name)
Map told = new JsonSlurper().parseText(args[1]).collectEntries { name, situation ->
  Map values = [
    none: 'none',
    env: new Environment([WORKSPACE: '/workspace', BUILD_NUMBER: '7'] + situation.env),
    missing: situation.missing ?: [],
    params: [ACTION: situation.action ?: 'check'],
    currentBuild: new Build(
      causes: situation.timer ? ['hudson.triggers.TimerTrigger$TimerTriggerCause'] : [],
      changeSets: [[items: [[affectedPaths: situation.paths ?: []]]]]
    ),
  ]
  Pipeline script = new GroovyShell(getClass().classLoader, new Binding(values), configuration).parse(new File(args[0]))
  script.run()
  [name, script.stages]
}
println JsonOutput.toJson(told)
