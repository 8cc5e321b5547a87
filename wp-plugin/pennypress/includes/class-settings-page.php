<?php
/**
 * Settings → Pennypress.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

/**
 * Shows the settings. What is sent from here is read by Settings_Form.
 */
final class Settings_Page {

	const SLUG = 'pennypress';

	/** Terms of a taxonomy that are offered to be left out. */
	const MOST_TERMS = 300;

	/**
	 * The settings to show: the saved ones, or those of a form that was sent and not saved.
	 *
	 * @var array<string, mixed>
	 */
	private static $settings = array();

	/**
	 * The result of a test, if one was asked for.
	 *
	 * @var array{ok: bool, text: string, advice: string}|null
	 */
	private static $result;

	/**
	 * Adds the page to the menu.
	 */
	public static function add() {
		$hook = add_options_page( 'Pennypress', 'Pennypress', Settings_Form::CAPABILITY, self::SLUG, array( self::class, 'render' ) );
		add_action( 'load-' . $hook, array( self::class, 'load' ) );
	}

	/**
	 * The page's address.
	 *
	 * @return string
	 */
	private static function url() {
		return admin_url( 'options-general.php?page=' . self::SLUG );
	}

	/**
	 * A link to the settings in the list of plugins.
	 *
	 * @param string[] $links The links that are there.
	 * @return string[]
	 */
	public static function action_links( $links ) {
		array_unshift( $links, '<a href="' . esc_url( self::url() ) . '">' . esc_html__( 'Settings', 'pennypress' ) . '</a>' );
		return $links;
	}

	/**
	 * Loads style and script, on this page only.
	 *
	 * @param string $hook The page that is being built.
	 */
	public static function enqueue( $hook ) {
		if ( 'settings_page_' . self::SLUG !== $hook ) {
			return;
		}
		wp_enqueue_style( 'pennypress-settings', plugins_url( 'assets/settings.css', MAIN_FILE ), array(), VERSION );
		wp_enqueue_script( 'pennypress-settings', plugins_url( 'assets/settings.js', MAIN_FILE ), array(), VERSION, true );
		wp_enqueue_script( 'pennypress-content', plugins_url( 'assets/content.js', MAIN_FILE ), array( 'pennypress-settings' ), VERSION, true );
		wp_localize_script(
			'pennypress-settings',
			'pennypressSettings',
			array(
				'url'     => admin_url( 'admin-ajax.php' ),
				'testing' => __( 'Testing…', 'pennypress' ),
				'sure'    => __( 'Everything that the service has learned from this site is removed there. Go on?', 'pennypress' ),
				'failed'  => __( 'WordPress did not answer. Reload this page and try again.', 'pennypress' ),
			)
		);
	}

	/**
	 * Before the page is built: takes in what was sent.
	 */
	public static function load() {
		Preset::import();
		self::help();
		if ( Content_Panel::take() ) {
			wp_safe_redirect( self::url() . '#pennypress-content' );
			exit;
		}
		self::$settings = Settings::all();
		$what           = Settings_Form::sent();
		if ( ! $what ) {
			return;
		}
		list( $settings, $errors ) = Settings_Form::read();
		if ( 'test' === $what ) {
			self::$settings = $settings;
			self::$result   = Settings_Form::test( $settings, $errors );
			if ( Settings::all() !== $settings ) {
				add_settings_error( self::SLUG, 'unsaved', __( 'Only tested: your changes are not saved yet. A secret that you typed has to be typed again.', 'pennypress' ), 'info' );
			}
			return;
		}
		if ( $errors ) {
			self::$settings = $settings;
			foreach ( $errors as $index => $error ) {
				add_settings_error( self::SLUG, 'wrong_' . $index, $error . ' ' . __( 'Nothing was saved.', 'pennypress' ) );
			}
			return;
		}
		$before = Settings::all();
		Settings::save( $settings );
		Learning::settings_changed( $before, $settings );
		// WordPress itself says "Settings saved." on a settings page with `updated` in its address, and shows the errors above.
		wp_safe_redirect( add_query_arg( 'updated', '1', self::url() ) );
		exit;
	}

	/**
	 * The help behind the tab at the top.
	 */
	private static function help() {
		$paragraphs = array(
			__( 'Pennypress shows a chat on your pages. A visitor’s question goes from the browser to this site, and from here, signed with the secret, to the service that you run; the answer comes back word by word the same way.', 'pennypress' ),
			__( 'Service address, site key and secret are on the operator’s pages of your service, under Sites. The secret is shown there once, when the site is created; if it is lost, make a new one.', 'pennypress' ),
			__( 'What the chat knows comes from your published pages: they are sent to the service when you press “Start learning”, then each time one is published, changed or taken away, and compared once a day.', 'pennypress' ),
			__( 'Behind a reverse proxy, all visitors seem to come from one address and share one limit. Name the proxy in wp-config.php: define( \'PENNYPRESS_TRUSTED_PROXIES\', \'10.0.0.1\' );', 'pennypress' ),
		);
		get_current_screen()->add_help_tab(
			array(
				'id'      => 'pennypress',
				'title'   => 'Pennypress',
				'content' => '<p>' . implode( '</p><p>', array_map( 'esc_html', $paragraphs ) ) . '</p>',
			)
		);
	}

	/**
	 * Builds the page.
	 */
	public static function render() {
		$settings = self::$settings;
		$result   = self::$result;
		$types    = get_post_types( array( 'public' => true ), 'objects' );
		unset( $types['attachment'] );
		$learnable  = Document_Rule::possible_types();
		$categories = self::categories( array_keys( $learnable ) );
		require plugin_dir_path( MAIN_FILE ) . 'includes/view-settings.php';
	}

	/**
	 * The categories of some kinds of posts.
	 *
	 * @param string[] $types Kinds of posts.
	 * @return array<string, \WP_Term[]> By taxonomy: those with a hierarchy, and of each the first terms by name.
	 */
	private static function categories( array $types ) {
		$found = array();
		foreach ( get_object_taxonomies( $types, 'objects' ) as $taxonomy ) {
			$terms = $taxonomy->hierarchical && $taxonomy->show_ui
				? get_terms(
					array(
						'taxonomy'   => $taxonomy->name,
						'hide_empty' => false,
						'number'     => self::MOST_TERMS,
					)
				)
				: array();
			if ( $terms && ! is_wp_error( $terms ) ) {
				$found[ $taxonomy->name ] = $terms;
			}
		}
		return $found;
	}
}
