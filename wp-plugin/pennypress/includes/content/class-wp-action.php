<?php
/**
 * WordPress's action `wp`.
 *
 * @package Pennypress
 */

namespace Pennypress;

defined( 'ABSPATH' ) || exit;

// phpcs:disable WordPress.WP.GlobalVariablesOverride -- Visitor_View, which calls this, puts all of it back.

/**
 * Some page builders, Divi among them, register their shortcodes on `wp`, which WordPress fires when it has found the page that
 * was asked for. Where documents are made, nobody asked for one: in WP-Cron, on the command line, in a request of the site to
 * itself. So it is fired here, once, since builders do not expect it twice; and as for the list of posts, since what a handler
 * does about one page must not stay for all others.
 */
final class Wp_Action {

	/** Remembers for a day that it ended the program, and is left out: documents without a builder's words are better than none. */
	const ENDS = 'pennypress_wp_ends';

	/**
	 * Whether it is being fired.
	 *
	 * @var bool
	 */
	private static $firing = false;

	/**
	 * Fires it in the visitor's view, if it was not fired yet. In the admin it is not: there, builders register on other hooks,
	 * and what is for pages may not have been loaded.
	 *
	 * @param \WP_Query $query A list of posts; its page is taken to be the one that was asked for.
	 */
	public static function fire_once( $query ) {
		if ( did_action( 'wp' ) || ( defined( 'WP_ADMIN' ) && WP_ADMIN ) || get_transient( self::ENDS ) ) {
			return;
		}
		$wp      = $GLOBALS['wp'];
		$filters = $GLOBALS['wp_current_filter'];

		$GLOBALS['wp']             = clone $wp;
		$GLOBALS['wp']->query_vars = array();
		$GLOBALS['wp']->request    = '';
		$GLOBALS['wp_query']       = $query;
		$GLOBALS['wp_the_query']   = $query;
		$GLOBALS['post']           = $query->post;

		self::$firing = true;
		add_filter( 'wp_redirect', array( self::class, 'stay' ), PHP_INT_MIN );
		try {
			do_action_ref_array( 'wp', array( &$GLOBALS['wp'] ) ); // phpcs:ignore WordPress.NamingConventions.PrefixAllGlobals -- WordPress's own.
		} catch ( \Throwable $error ) {
			$GLOBALS['wp_current_filter'] = $filters; // What a handler of it did not manage, the documents are made without.
		} finally {
			self::$firing = false;
			remove_filter( 'wp_redirect', array( self::class, 'stay' ), PHP_INT_MIN );
			$GLOBALS['wp'] = $wp;
		}
	}

	/**
	 * Stops a handler that sends strangers to another page: it would end the program next.
	 *
	 * @throws \RuntimeException Always.
	 */
	public static function stay() {
		throw new \RuntimeException( 'There is nobody here to be sent to another page.' );
	}

	/**
	 * Whether it ended the program all the same, in which case it is not fired again so soon. For when a program ends.
	 *
	 * @return bool
	 */
	public static function ended_the_program() {
		if ( self::$firing ) {
			set_transient( self::ENDS, 1, DAY_IN_SECONDS );
		}
		return self::$firing;
	}
}
